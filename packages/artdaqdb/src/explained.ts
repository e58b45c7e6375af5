import { errorCode } from '@holdfast/atomic-file'
import { DatabaseUnavailableError } from './errors.js'

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'Check the database URI, and that the disk is mounted',
  ENOTDIR: 'Check the database URI: a part of the path is a file',
  EACCES: 'Give this user permission to read and write the database folder',
  EPERM: 'Give this user permission to read and write the database folder',
  EROFS: 'Mount the file system of the database for writing',
  ENOSPC: 'Free space on the disk of the database and try again; nothing was half stored',
  EDQUOT: 'Raise the disk quota of this user and try again; nothing was half stored',
  EMFILE: 'Raise the limit of open files (ulimit -n)',
}

/** Turns errors of the operating system, wherever they were met, into one that names the file and says what to do. */
export async function explained<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explain(error, root)
  }
}

function explain(error: unknown, root: string): unknown {
  const code = systemCode(error) ?? systemCode(error instanceof Error ? error.cause : undefined)
  if (code === undefined || !(error instanceof Error)) return error
  const path = 'path' in error && typeof error.path === 'string' ? error.path : root
  const hint = HINTS[code] ?? 'Look at the system log for failures of the disk'
  return new DatabaseUnavailableError('use', path, error.message, hint, error)
}

function systemCode(error: unknown): string | undefined {
  if (error instanceof DatabaseUnavailableError) return undefined
  const code = errorCode(error)
  return code !== undefined && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}
