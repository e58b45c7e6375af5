import { EXIT } from '@holdfast/cli-kit'
import type { CommandResult, Context } from '../context.js'
import type { ClearRequest } from '../requests.js'
import { findIds } from './find-ids.js'

export async function clear(context: Context, request: ClearRequest): Promise<CommandResult> {
  const { stage, failed } = request
  const { dryRun } = context
  await using ledger = await context.openForChanges()
  const { ids, unknown } = await findIds(ledger, request)
  const question = `Clear ${ids.length} releases in '${context.path}'?`
  if (!(await context.mayRemove(ids.length, question, request.yes))) {
    return { console: context.console().info('Nothing was cleared'), exitCode: EXIT.failure }
  }
  const { cleared, notFound } = await ledger.clear(ids, { stage, failed, dryRun })
  const missing = [...unknown, ...notFound]
  const what = stage === undefined ? 'processed' : `stage '${stage}'`
  const console = context.console()
  for (const { id } of cleared) {
    if (dryRun) console.warning(`Would clear ${what} entry: ${id} (dry-run)`)
    else console.success(`Cleared ${what} state for: ${id}`)
  }
  if (cleared.length > 0 && !dryRun) {
    const extent = stage === undefined ? 'fully re-processed' : `re-processed from stage '${stage}'`
    console.info(`${cleared.length === 1 ? 'The release' : 'The releases'} will be ${extent} on next run`)
  }
  for (const id of missing) console.info(`Not found in ${what} state: ${id}`)
  return { console, document: { dryRun, cleared, notFound: missing } }
}
