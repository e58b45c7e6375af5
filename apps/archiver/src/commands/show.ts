import { EXIT } from '../cli/exit-codes.js'
import type { Execution } from '../execution.js'
import { renderRun } from '../report/render-run.js'
import { describeRun } from '../runs/describe-run.js'
import type { CommandContext } from './command.js'

/** Where a run is. A run that is nowhere and a place that cannot be read are failures. */
export async function showRun(run: number, context: CommandContext): Promise<Execution> {
  const report = await describeRun(run, context)
  const exitCode = report.complete && !report.isUnknown ? EXIT.success : EXIT.failure
  return { text: renderRun(report), document: report, exitCode }
}
