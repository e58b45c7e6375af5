import { dirname, resolve } from 'node:path'
import { harmless, harmlessJson } from '@holdfast/cli-kit'
import type { CommandResult, Context } from '../context.js'
import type { ExportRequest } from '../requests.js'
import { assertNotOfLedger } from './not-of-ledger.js'

export async function exportLedger(context: Context, { output, format }: ExportRequest): Promise<CommandResult> {
  await using ledger = await context.openForReading()
  const console = context.console()
  await context.noteIfMissing(ledger)
  if (output === undefined) {
    const bytes = await ledger.export({ format })
    const text = context.isShown ? toShow(bytes, format) : bytes
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

/** For a terminal, which what is in titles could otherwise give orders. */
function toShow(text: string, format: ExportRequest['format']): string {
  return format === 'json' ? harmlessJson(text) : text.split('\n').map(harmless).join('\n')
}
