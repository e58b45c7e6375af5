// The root script `check`: everything that `test` does except the tests themselves.
import { runSuite } from './run-suite.mjs'

await runSuite({ tests: false })
