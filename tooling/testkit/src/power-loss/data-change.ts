import type { Change } from './recording.js'

/** A change of the bytes or the size of a file. */
export type DataChange = Extract<Change, { type: 'write' | 'truncate' }>

/** How much of one change reached the disk. */
export interface Survival {
  /** So many of the bytes from the first on. A truncation survives when this is not 0. */
  readonly bytes: number
  /** The size reached the disk although the rest of the bytes did not: zeros are read where the file was grown. */
  readonly grown: boolean
}

export const LOST: Survival = { bytes: 0, grown: false }
export const WHOLE: Survival = { bytes: Number.POSITIVE_INFINITY, grown: true }

export function applyInFull(content: Buffer, change: DataChange): Buffer {
  return applySurviving(content, change, WHOLE)
}

/** What a file holds once the surviving part of a change is on the disk. */
export function applySurviving(content: Buffer, change: DataChange, survival: Survival): Buffer {
  if (change.type === 'truncate') return survival.bytes === 0 ? content : resized(content, change.size)
  const bytes = change.bytes.subarray(0, survival.bytes)
  if (bytes.length === 0 && !survival.grown) return content
  const end = change.position + (survival.grown ? change.bytes.length : bytes.length)
  const result = resized(content, Math.max(content.length, end))
  result.set(bytes, change.position)
  return result
}

function resized(content: Buffer, size: number): Buffer {
  const result = Buffer.alloc(size)
  content.copy(result)
  return result
}
