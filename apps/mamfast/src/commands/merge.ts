import type { CommandResult, Context } from '../context.js'
import type { MergeRequest } from '../requests.js'

export async function merge(context: Context, { ids, into }: MergeRequest): Promise<CommandResult> {
  const { dryRun } = context
  await using ledger = await context.openForChanges()
  const merged = await ledger.merge(ids, into, { dryRun })
  const notFound = [...new Set(ids)].filter((id) => id !== into && !merged.includes(id))
  const console = context.console()
  for (const id of merged) {
    if (dryRun) console.warning(`Would merge ${id} into ${into} (dry-run)`)
    else console.success(`Merged ${id} into ${into}`)
  }
  for (const id of notFound) console.info(`Not found: ${id}`)
  return { console, document: { dryRun, into, merged, notFound } }
}
