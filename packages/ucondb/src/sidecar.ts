import type { ArchivedVersion } from './run-archive.js'

/** What the embedded archive records about a version: all of it, always with a SHA-256. */
export type RecordedVersion = ArchivedVersion & { readonly sha256: string }

const FORMAT_VERSION = 1

/** The text of `<key>.json`. */
export function formatSidecar(version: RecordedVersion): string {
  const { key, size, adler32, sha256, storedAt } = version
  const record = { version: FORMAT_VERSION, key, size, adler32, sha256, storedAt: new Date(storedAt).toISOString() }
  return `${JSON.stringify(record, undefined, 2)}\n`
}

/** Reads the text of `<key>.json`; a text that is none is answered with what is wrong. */
export function parseSidecar(text: string, key: string): RecordedVersion | { readonly problem: string } {
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch {
    return { problem: 'its record is not JSON' }
  }
  if (typeof record !== 'object' || record === null) return { problem: 'its record is not a JSON object' }
  const fields = new Map<string, unknown>(Object.entries(record))
  if (fields.get('version') !== FORMAT_VERSION) {
    return { problem: `its record has version ${JSON.stringify(fields.get('version'))}, expected ${FORMAT_VERSION}` }
  }
  if (fields.get('key') !== key) return { problem: `its record is about key ${JSON.stringify(fields.get('key'))}` }
  const size = fields.get('size')
  const adler32 = fields.get('adler32')
  const sha256 = fields.get('sha256')
  const storedAt = fields.get('storedAt')
  if (!isCount(size)) return { problem: 'its record has no valid size' }
  if (!isCount(adler32) || adler32 > 0xffff_ffff) return { problem: 'its record has no valid adler32' }
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return { problem: 'its record has no valid sha256' }
  if (typeof storedAt !== 'string' || Number.isNaN(Date.parse(storedAt))) {
    return { problem: 'its record has no valid storedAt' }
  }
  return { key, size, adler32, sha256, storedAt: Date.parse(storedAt) }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
