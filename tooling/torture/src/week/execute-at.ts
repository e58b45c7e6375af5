/** The archiver with a clock of its own. Usage: node execute-at.ts EPOCH_MS ARGS… */
import { run } from '@holdfast/archiver'

const [, , startText = '0', ...args] = process.argv
const start = Number(startText)
const began = Date.now()
const now = (): number => start + (Date.now() - began)
process.argv.splice(2, process.argv.length, ...args)
process.exitCode = await run(process, { now })
