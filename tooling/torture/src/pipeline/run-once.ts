/** The process that is killed: one run of a pipeline. Usage: run-once.ts PIPELINE INPUT JOBS */
import { loadPipeline, runPipeline } from '@holdfast/pipeline'

const [file = '', input = '', jobs = '1'] = process.argv.slice(2)
const { status } = await runPipeline(await loadPipeline(file), { input, jobs: Number(jobs), graceMs: 1000 })
process.stdout.write(status)
