import { constants, openSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

const READ_ONLY = constants.O_RDONLY | constants.O_NONBLOCK

/** A named pipe without a writer is opened at once and found out by its kind, instead of waiting for ever. */
export async function openForReading(path: string): Promise<FileHandle> {
  return await open(path, READ_ONLY)
}

/** As `openForReading`; the descriptor is to be closed by the caller. */
export function openForReadingSync(path: string): number {
  return openSync(path, READ_ONLY)
}
