import type { ArchivedVersion } from '../run-archive.js'

/** What UconDB says about a version, as far as it is used here. */
export interface VersionMetadata {
  readonly key: string | null
  readonly size: number
  readonly adler32: number
  readonly storedAt: number
}

/** @returns `undefined` when the value does not have the form. */
export function parseMetadata(value: unknown): VersionMetadata | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { key, data_size: size, adler32, tr } = value as Readonly<Record<string, unknown>>
  if (key !== null && typeof key !== 'string') return undefined
  if (typeof size !== 'number' || typeof adler32 !== 'number' || typeof tr !== 'number') return undefined
  return { key, size, adler32: adler32 >>> 0, storedAt: Math.round(tr * 1000) }
}

export function toArchivedVersion(key: string, { size, adler32, storedAt }: VersionMetadata): ArchivedVersion {
  return { key, size, adler32, storedAt }
}

/** @returns `undefined` when the bytes are not JSON, as those of an answer that was cut. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
  } catch {
    return undefined
  }
}
