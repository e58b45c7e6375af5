import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** A named pipe without a writer is opened at once and found out by its kind, instead of waiting for ever. */
export async function openForReading(path: string): Promise<FileHandle> {
  return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
}
