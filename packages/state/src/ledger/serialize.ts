import type { JsonArray, JsonObject, JsonValue } from '@holdfast/txn-store'
import { compareCodePoints } from './code-points.js'
import { describeFailed, describeProcessed } from './entry.js'
import { formatLocalTime } from './local-time.js'
import { RELEASE_STAGES } from './release-status.js'
import type { LedgerView } from './storage.js'

/** The whole ledger as the text of processed.json: keys by code point, indent 2, no newline at the end. */
export function toJsonText(view: LedgerView): string {
  const maps = {
    processed: Object.fromEntries(view.entries('processed')),
    failed: Object.fromEntries(view.entries('failed')),
  }
  const members = Object.entries({ ...view.rest, ...maps }).sort(([a], [b]) => compareCodePoints(a, b))
  return textOf(Object.fromEntries(members) as JsonObject, '\n')
}

/** The ledger as comma-separated values (RFC 4180, lines end with LF), one line per entry and the same columns for both maps. */
export function toCsvText(view: LedgerView): string {
  const lines = [CSV_COLUMNS.join(',')]
  for (const [id, entry] of view.entries('processed')) {
    const release = describeProcessed(id, entry)
    const { asin, title, author, status, at, infohash, stagingDir, torrentPath, checkpoints } = release
    const stamps = RELEASE_STAGES.map((stage) => timeText(checkpoints[stage]))
    const values = ['processed', id, asin, title, author, status, timeText(at), infohash, stagingDir, torrentPath]
    lines.push([...values, ...stamps, '', '', '', '', ''].map(csvValue).join(','))
  }
  for (const [id, entry] of view.entries('failed')) {
    const { asin, title, author, at, error, errorType, firstFailedAt, retryCount, sourceDir } = describeFailed(
      id,
      entry,
    )
    const values = ['failed', id, asin, title, author, '', timeText(at), '', '', '', '', '', '', '']
    lines.push(
      [...values, error, errorType, timeText(firstFailedAt), String(retryCount), sourceDir].map(csvValue).join(','),
    )
  }
  return `${lines.join('\n')}\n`
}

export const CSV_COLUMNS: readonly string[] = [
  ...['map', 'id', 'asin', 'title', 'author', 'status', 'at', 'infohash', 'staging_dir', 'torrent_path'],
  ...['staged_at', 'metadata_at', 'torrent_at', 'uploaded_at'],
  ...['error', 'error_type', 'first_failed_at', 'retry_count', 'source_dir'],
]

function timeText(epochMs: number | undefined): string | undefined {
  return epochMs === undefined ? undefined : formatLocalTime(epochMs)
}

/** A spreadsheet would run what begins like a formula, so that gets a quote mark in front. */
function csvValue(value: string | undefined): string {
  if (value === undefined) return ''
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** Keys by code point. The engine's own writer is several times faster than one in JavaScript, but takes keys as they come. */
function textOf(value: JsonValue, indent: string): string {
  if (isInOrder(value)) {
    const text = JSON.stringify(value, null, 2)
    // Line feeds within texts are escaped, so that each one found begins a line.
    return indent === '\n' || typeof value !== 'object' ? text : text.replaceAll('\n', indent)
  }
  return textOfParts(value as JsonObject | JsonArray, indent)
}

function textOfParts(value: JsonObject | JsonArray, indent: string): string {
  const inner = `${indent}  `
  if (Array.isArray(value)) return `[${value.map((item) => inner + textOf(item, inner)).join(',')}${indent}]`
  const keys = Object.keys(value).sort(compareCodePoints)
  const members = keys.map((key) => `${inner}${JSON.stringify(key)}: ${textOf(value[key] ?? null, inner)}`)
  return `{${members.join(',')}${indent}}`
}

/** Whether the keys, at all depths, come by code point. An object has those that are whole numbers first, by their value. */
function isInOrder(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isInOrder)
  let previous = ''
  for (const key in value) {
    if (compareCodePoints(previous, key) > 0 || !isInOrder(value[key] ?? null)) return false
    previous = key
  }
  return true
}
