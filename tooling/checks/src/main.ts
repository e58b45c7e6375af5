import { delimiter, join } from 'node:path'
import { runSteps } from './run-steps.ts'
import { listSteps, type StepOptions } from './steps.ts'

/** Runs the checks of this repository and resolves to the exit code: 0 all passed, 1 something failed, 130 interrupted. */
export async function main(proc: NodeJS.Process, options: StepOptions): Promise<number> {
  const root = join(import.meta.dirname, '../../..')
  const controller = new AbortController()
  const interrupt = (): void => controller.abort()
  proc.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const env = {
    ...proc.env,
    PATH: `${join(root, 'node_modules/.bin')}${delimiter}${proc.env.PATH ?? ''}`,
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  }
  const context = { root, env, isCi: Boolean(proc.env.CI), signal: controller.signal }
  const { failed } = await runSteps(listSteps(root, options), context, (line) => proc.stdout.write(`${line}\n`))
  if (controller.signal.aborted) return 130
  return failed === 0 ? 0 : 1
}
