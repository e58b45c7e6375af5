import type { TransactionRecord } from '../../storage.js'
import type { CommandResult } from '../command-result.js'
import { harmless, shorten } from '../harmless.js'
import type { OpenedDocument } from '../opened-document.js'

/** Who changed what, newest first. */
export async function history(opened: OpenedDocument, limit: number): Promise<CommandResult> {
  const records = await opened.records(limit)
  const notes =
    records.length === 0 ? [`There is no history in '${opened.storage.layout.log}'; is --folder right?`] : []
  return {
    text: records.map((record) => `${renderRecord(record)}\n`).join(''),
    document: { path: opened.path, records },
    notes,
  }
}

function renderRecord({
  timestamp,
  success,
  operation,
  pid,
  host,
  label,
  changed,
  details,
}: TransactionRecord): string {
  const who = `pid ${pid}${host === undefined ? '' : ` on ${host}`}${label === undefined ? '' : ` (${label})`}`
  const reason = success ? details?.['reason'] : details?.['error']
  const what = typeof reason === 'string' ? reason : (changed ?? []).map((place) => place || '(the document)').join(' ')
  const columns = [timestamp, success ? 'ok    ' : 'failed', operation, who, what]
  return shorten(harmless(columns.filter((column) => column !== '').join('  ')), MAX_LINE_LENGTH)
}

const MAX_LINE_LENGTH = 240
