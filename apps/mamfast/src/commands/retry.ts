import { EXIT } from '@holdfast/cli-kit'
import type { RetriedRelease } from '@holdfast/state'
import type { Console } from '../console.js'
import type { CommandResult, Context } from '../context.js'
import type { RetryRequest } from '../requests.js'
import { findIds } from './find-ids.js'

export async function retry(context: Context, request: RetryRequest): Promise<CommandResult> {
  const { dryRun } = context
  await using ledger = await context.openForChanges()
  const { ids, unknown } = await findIds(ledger, request)
  const question = `Clear the failures of ${ids.length} releases in '${context.path}'?`
  if (!(await context.mayRemove(ids.length, question, request.yes))) {
    return { console: context.console().info('Nothing was cleared'), exitCode: EXIT.failure }
  }
  const { retried, notFound } = await ledger.retry(ids, { fresh: request.fresh, dryRun })
  const missing = [...unknown, ...notFound]
  const console = context.console()
  for (const release of retried) render(console, release, request.fresh, dryRun)
  for (const id of missing) console.info(`Not found in failed state: ${id}`)
  return { console, document: { dryRun, retried, notFound: missing } }
}

function render(
  console: Console,
  { id, retryCount, resumesFrom }: RetriedRelease,
  fresh: boolean,
  dryRun: boolean,
): void {
  if (dryRun) console.warning(`Would clear failed entry: ${id} (dry-run)`)
  else console.success(`Cleared failed state for: ${id} (failures: ${retryCount})`)
  if (resumesFrom === 'COMPLETE')
    console.info('It is complete already, so nothing is left to do; clear it to do it again')
  else if (resumesFrom === undefined) console.info('The release will be re-processed from the start on next run')
  else
    console.info(
      `The release will be re-processed from ${resumesFrom} on next run${fresh ? '' : '; --fresh begins at the start'}`,
    )
}
