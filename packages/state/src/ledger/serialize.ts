import type { JsonObject, JsonValue } from '@holdfast/txn-store'
import { compareCodePoints } from './code-points.js'
import { describeFailed, describeProcessed } from './entry.js'
import { formatLocalTime } from './local-time.js'
import { RELEASE_STAGES } from './release-status.js'
import type { LedgerView } from './storage.js'

/** The whole ledger as the text of processed.json: keys by code point, indent 2, no newline at the end. */
export function toJsonText(view: LedgerView): string {
  const top: [string, string][] = Object.entries(view.rest).map(([key, value]) => [key, textOf(value, '\n  ')])
  for (const map of ['processed', 'failed'] as const) {
    const entries = [...view.entries(map)].map(
      ([id, entry]) => `\n    ${JSON.stringify(id)}: ${textOf(entry, '\n    ')}`,
    )
    top.push([map, entries.length === 0 ? '{}' : `{${entries.join(',')}\n  }`])
  }
  const lines = top
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([key, text]) => `\n  ${JSON.stringify(key)}: ${text}`)
  return `{${lines.join(',')}\n}`
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

function textOf(value: JsonValue, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    return `[${value.map((item) => inner + textOf(item, inner)).join(',')}${indent}]`
  }
  const keys = Object.keys(value).sort(compareCodePoints)
  if (keys.length === 0) return '{}'
  return `{${keys.map((key) => `${inner}${JSON.stringify(key)}: ${textOf((value as JsonObject)[key] ?? null, inner)}`).join(',')}${indent}}`
}
