import { type Finding, formatFinding } from './finding.ts'
import { type CommandResult, runCommand } from './run-command.ts'

export interface Context {
  readonly root: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** With CI set a skipped test is a failure: a service that is missing there is not the reader's choice. */
  readonly isCi: boolean
  readonly signal: AbortSignal
}

export interface Outcome {
  readonly passed: number
  readonly failed: number
  /** Shown when something failed. */
  readonly details?: string
  /** Shown always. */
  readonly note?: string
}

/** One line of the run; it counts as at least one check. */
export interface Step {
  readonly name: string
  /** Not run, and counted as failed, when the build failed. */
  readonly needsBuild?: boolean
  run(context: Context): Promise<Outcome> | Outcome
}

export interface CommandStepOptions {
  readonly needsBuild?: boolean
}

/** A step that passes when the command exits with 0. */
export function commandStep(
  name: string,
  command: string,
  args: readonly string[],
  options: CommandStepOptions = {},
): Step {
  return {
    name,
    ...options,
    async run({ root, env, signal }) {
      return judge(await runCommand(command, args, { cwd: root, env, signal }))
    },
  }
}

/** A step that passes when nothing is found; `warn` gives what is shown without being counted. */
export function findingStep(name: string, find: () => readonly Finding[], warn?: () => readonly Finding[]): Step {
  return {
    name,
    run() {
      const findings = find()
      const warnings = warn?.() ?? []
      return {
        ...(findings.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }),
        details: findings.map(formatFinding).join('\n'),
        ...(warnings.length === 0 ? {} : { note: warnings.map(formatFinding).join('\n') }),
      }
    },
  }
}

function judge(result: CommandResult): Outcome {
  if (result.code === 0) return { passed: 1, failed: 0 }
  return { passed: 0, failed: 1, details: `${result.output.trimEnd()}\n(exit code ${result.code ?? 'none'})` }
}
