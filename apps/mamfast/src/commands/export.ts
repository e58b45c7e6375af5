import { dirname, resolve } from 'node:path'
import type { CommandResult, Context } from '../context.js'
import type { ExportRequest } from '../requests.js'
import { assertNotOfLedger } from './not-of-ledger.js'

export async function exportLedger(context: Context, { output, format }: ExportRequest): Promise<CommandResult> {
  await using ledger = await context.openForReading()
  const console = context.console()
  if (output === undefined) {
    const text = await ledger.export({ format })
    return { console: console.raw(text.endsWith('\n') ? text : `${text}\n`) }
  }
  const path = resolve(context.currentDir, output)
  assertNotOfLedger(path, context.path, 'export')
  if (context.dryRun) return { console: console.warning(`Would export state to: ${path} (dry-run)`) }
  const { makeDirectory } = await import('@holdfast/atomic-file')
  await makeDirectory(dirname(path))
  await ledger.exportTo(path, { format })
  return { console: console.success(`Exported state to: ${path}`) }
}
