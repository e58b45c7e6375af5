import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import { SourceUnavailableError } from '../errors.js'

/** Folder of each run record by run number; a folder belongs to a run when its name consists of digits. */
export type RunDirectories = ReadonlyMap<number, string>

/**
 * Lists the run records. Of two folders for one run (`0107` beside `107`) the one without leading zeros counts.
 *
 * @throws SourceUnavailableError when the folder cannot be read.
 */
export async function listRunDirectories(recordsDir: string): Promise<RunDirectories> {
  const found = new Map<number, string>()
  for (const entry of await readEntries(recordsDir)) {
    if (!/^[0-9]+$/.test(entry.name)) continue
    const run = Number(entry.name)
    if (!Number.isSafeInteger(run)) continue
    const path = join(recordsDir, entry.name)
    const isDirectory = entry.isDirectory() || (entry.isSymbolicLink() && (await pointsToDirectory(path)))
    if (isDirectory && (entry.name === String(run) || !found.has(run))) found.set(run, path)
  }
  return found
}

async function readEntries(recordsDir: string) {
  try {
    return await readdir(recordsDir, { withFileTypes: true })
  } catch (error) {
    const reason =
      errorCode(error) === 'ENOENT' ? 'there is no such folder' : error instanceof Error ? error.message : String(error)
    throw new SourceUnavailableError(
      recordsDir,
      `Cannot read the run records in '${recordsDir}': ${reason}`,
      'Check source_files.run_records_dir, that the file system is mounted, and the permissions',
      { cause: error },
    )
  }
}

async function pointsToDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ELOOP') return false
    // Where it leads cannot be seen; the attempt to read it tells why.
    return true
  }
}
