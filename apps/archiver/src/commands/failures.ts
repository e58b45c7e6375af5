import { EXIT } from '../cli/exit-codes.js'
import type { Execution } from '../execution.js'
import { renderFailureTable } from '../report/render-failure-table.js'
import { type FailureStage, listFailures } from '../runs/list-failures.js'
import type { CommandContext } from './command.js'

/** The failed runs. That there are some is no failure of this command; a source that cannot be read is. */
export async function showFailures(stage: FailureStage | undefined, context: CommandContext): Promise<Execution> {
  const report = await listFailures(stage === undefined ? ['import', 'migration'] : [stage], context)
  const exitCode = report.problems.length === 0 ? EXIT.success : EXIT.failure
  return { text: renderFailureTable(report), document: report, exitCode }
}
