// The root script `test`: every check and every test. Plain JavaScript, so that an old Node gets a sentence and not a syntax error.
import { runSuite } from './run-suite.mjs'

await runSuite({ tests: true })
