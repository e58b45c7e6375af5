import { ArchiveUnavailableError } from './errors.js'

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'Give the account that runs this read and write permission for the archive folder',
  EPERM: 'Give the account that runs this permission for the archive folder, on a file system that supports hard links',
  EROFS: 'The file system is mounted read-only; mount it writable or choose another archive folder',
  ENOSPC: 'The disk is full; free some space and run again, nothing stored so far is lost',
  EDQUOT: 'The disk quota is used up; free some space and run again, nothing stored so far is lost',
  EFBIG: 'The body is larger than the file system or the process limit allows',
  ENOTDIR: 'A part of the archive path is a file; choose another archive folder',
  EMFILE: 'Too many files are open; raise the limit or lower the number of workers',
  ENFILE: 'Too many files are open on this machine',
  EIO: 'The disk reports an input/output error; check the disk',
  ESTALE: 'The network file system lost the folder; mount it again',
  ERR_LOCK_EXISTS: 'Another process is storing in the same archive; run again when it has finished',
  ERR_LOCK_UNSUPPORTED: 'Choose an archive folder on a local disk',
  ERR_LOCK_TIMEOUT: 'Another process is storing in the same archive; run again when it has finished',
}

/** The code of the system error (`ENOENT`, …) that an error is or was caused by, or else of the lock error. */
export function systemCode(error: unknown): string | undefined {
  let lockCode: string | undefined
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (!('code' in at) || typeof at.code !== 'string') continue
    if (/^E[A-Z0-9]+$/.test(at.code)) return at.code
    if (at.code.startsWith('ERR_LOCK_')) lockCode ??= at.code
  }
  return lockCode
}

/** Runs file work; a system error becomes an `ArchiveUnavailableError` with the path and the fix. Anything else passes unchanged. */
export async function explained<T>(action: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const code = systemCode(cause)
    if (code === undefined || isArchiveError(cause)) throw cause
    throw new ArchiveUnavailableError(action, path, { cause, hint: HINTS[code] })
  }
}

function isArchiveError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_ARCHIVE_')
}
