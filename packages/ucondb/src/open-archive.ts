import { fileURLToPath } from 'node:url'
import { EmbeddedArchive } from './embedded-archive.js'
import { ArchiveConfigError } from './errors.js'
import type { RunArchive } from './run-archive.js'

export interface OpenArchiveOptions {
  /** `file:///absolute/folder` for the embedded archive. */
  readonly serverUrl: string
  /** Letters, digits, `_` and at most one dot that is not at an end, as UconDB demands. */
  readonly folderName: string
  /** Letters, digits, `_`, `.` and `-`, beginning with a letter, digit or `_`. */
  readonly objectName: string
  /** How long a put waits for another process that is storing. @default 10_000 */
  readonly timeoutMs?: number
  /** Who may write, for a server that asks; the embedded archive does not. */
  readonly writer?: { readonly user: string; readonly password: string }
}

export interface OpenArchiveDeps {
  /** Epoch milliseconds, for the recorded time of a put. @default Date.now */
  readonly now?: () => number
}

/**
 * Opens the archive that the URL names. Nothing is read, written or connected yet; `check()` does that.
 *
 * @throws ArchiveConfigError whose `option` tells which setting is wrong
 * @example
 * await using archive = await openArchive({ serverUrl: 'file:///srv/ucondb', folderName: 'runs', objectName: 'configuration' })
 */
export async function openArchive(options: OpenArchiveOptions, deps: OpenArchiveDeps = {}): Promise<RunArchive> {
  const { serverUrl, folderName, objectName, timeoutMs = 10_000 } = options
  const now = deps.now ?? Date.now
  const rootPath = parseServerUrl(serverUrl)
  assertFolderName(folderName)
  assertObjectName(objectName)
  if (!Number.isFinite(timeoutMs) || timeoutMs < 0) {
    throw new ArchiveConfigError(
      'timeoutMs',
      `The archive timeout must be a number of milliseconds, received ${timeoutMs}`,
      'Use 0 or more',
    )
  }
  return new EmbeddedArchive({ rootPath, folderName, objectName, timeoutMs }, { now })
}

function parseServerUrl(serverUrl: string): string {
  let url: URL
  try {
    url = new URL(serverUrl)
  } catch (cause) {
    throw new ArchiveConfigError('serverUrl', `The archive address '${serverUrl}' is not a URL`, FILE_HINT, { cause })
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') {
    // Only scheme and host: the rest may hold credentials.
    const shown = `${url.protocol}//${url.host}`
    throw new ArchiveConfigError('serverUrl', `UconDB servers are not supported in this version: '${shown}'`, FILE_HINT)
  }
  if (url.protocol !== 'file:') {
    throw new ArchiveConfigError(
      'serverUrl',
      `No archive is known for addresses that begin with '${url.protocol}'`,
      FILE_HINT,
    )
  }
  return parseFileUrl(serverUrl, url)
}

const FILE_HINT = 'Use file:///absolute/folder for an archive on this machine'

function parseFileUrl(serverUrl: string, url: URL): string {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new ArchiveConfigError('serverUrl', `The archive address '${serverUrl}' ${problem}`, FILE_HINT, { cause })
  }
  // Read from the text, because the URL parser makes `file:folder` and `file://./folder` absolute, which is never what was meant.
  const host = /^file:\/\/([^/\\]*)\//i.exec(serverUrl.trim())?.[1]
  if (host === undefined) return refuse('is not absolute')
  if (host !== '' && host.toLowerCase() !== 'localhost') return refuse(`names the host '${host}'`)
  if (/[?#]/.test(serverUrl)) return refuse('has a query or fragment (a ? or # in a folder name is written %3F or %23)')
  if (serverUrl.includes('%00')) return refuse('holds a NUL character')
  try {
    return fileURLToPath(url)
  } catch (cause) {
    return refuse('is not a usable path', cause)
  }
}

function assertFolderName(folderName: string): void {
  if (folderName.length <= 200 && /^[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)?$/.test(folderName)) return
  throw new ArchiveConfigError(
    'folderName',
    `The archive folder name ${JSON.stringify(folderName)} is not valid`,
    'Use up to 200 letters, digits and _, with at most one dot that is not at an end',
  )
}

function assertObjectName(objectName: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/.test(objectName)) return
  throw new ArchiveConfigError(
    'objectName',
    `The archive object name ${JSON.stringify(objectName)} is not valid`,
    'Use up to 200 letters, digits, _, . and -, beginning with a letter, digit or _',
  )
}
