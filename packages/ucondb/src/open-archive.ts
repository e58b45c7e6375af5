import { X509Certificate } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { readTextFile } from '@holdfast/atomic-file'
import { EmbeddedArchive } from './embedded-archive.js'
import { ArchiveConfigError } from './errors.js'
import { HttpArchive } from './http/http-archive.js'
import type { TlsOptions } from './http/transport.js'
import { UconDbClient } from './http/ucondb-client.js'
import type { RunArchive } from './run-archive.js'

export interface OpenArchiveOptions {
  /** `file:///absolute/folder` for the embedded archive, `http://` or `https://` for a UconDB server. */
  readonly serverUrl: string
  /** Letters, digits, `_` and at most one dot that is not at an end, as UconDB demands. */
  readonly folderName: string
  /** Letters, digits, `_`, `.` and `-`, beginning with a letter, digit or `_`. */
  readonly objectName: string
  /** How long a put waits for another process, or one exchange with a server may take; listing gets six times as long. @default 10_000 */
  readonly timeoutMs?: number
  /** Who may write, for a server that asks; the embedded archive does not. */
  readonly writer?: { readonly user: string; readonly password: string }
  /** For `https://` servers. */
  readonly tls?: {
    /** File with the PEM certificates to trust. @default those Node trusts */
    readonly caFile?: string
    /** `false` trusts any server, with a warning. @default true */
    readonly verify?: boolean
  }
}

export interface OpenArchiveDeps {
  /** Epoch milliseconds, for the recorded time of a put. @default Date.now */
  readonly now?: () => number
  /** At least 0, below 1; spreads the pauses between attempts. @default Math.random */
  readonly random?: () => number
  /** @default process warnings */
  readonly logger?: { warn(message: string): void }
}

/**
 * Opens the archive that the URL names. Nothing is written or connected yet, and nothing but the file of certificates is read; `check()` does that.
 *
 * @throws ArchiveConfigError whose `option` tells which setting is wrong
 * @example
 * await using archive = await openArchive({ serverUrl: 'file:///srv/ucondb', folderName: 'runs', objectName: 'configuration' })
 */
export async function openArchive(options: OpenArchiveOptions, deps: OpenArchiveDeps = {}): Promise<RunArchive> {
  const { serverUrl, folderName, objectName, timeoutMs = 10_000 } = options
  const address = parseServerUrl(serverUrl)
  assertFolderName(folderName)
  assertObjectName(objectName)
  if (!Number.isFinite(timeoutMs) || timeoutMs < 0) {
    throw new ArchiveConfigError(
      'timeoutMs',
      `The archive timeout must be a number of milliseconds, received ${timeoutMs}`,
      'Use 0 or more',
    )
  }
  if (address.kind === 'folder') {
    return new EmbeddedArchive(
      { rootPath: address.path, folderName, objectName, timeoutMs },
      { now: deps.now ?? Date.now },
    )
  }
  if (timeoutMs === 0) {
    throw new ArchiveConfigError('timeoutMs', 'A server cannot answer within 0 milliseconds', 'Use more than 0')
  }
  const tls = await readTls(
    options.tls ?? {},
    address.baseUrl,
    deps.logger ?? { warn: (message) => process.emitWarning(message) },
  )
  assertWriter(options.writer)
  const client = new UconDbClient(
    { baseUrl: address.baseUrl, writer: options.writer, timeoutMs, tls },
    deps.random ?? Math.random,
  )
  return new HttpArchive(client, { folderName, objectName, timeoutMs })
}

async function readTls(
  { caFile, verify = true }: NonNullable<OpenArchiveOptions['tls']>,
  baseUrl: string,
  logger: { warn(message: string): void },
): Promise<TlsOptions> {
  if (!verify && baseUrl.startsWith('https:')) {
    logger.warn(
      `The certificate of '${baseUrl}' is not verified: anybody on the way can read the password and change what is archived`,
    )
  }
  if (caFile === undefined) return { verify }
  try {
    const ca = await readTextFile(caFile)
    // Throws for a file without a certificate, which would otherwise only show as a server that nobody trusts.
    new X509Certificate(ca)
    return { verify, ca }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ArchiveConfigError(
      'tls',
      `The certificates in '${caFile}' cannot be read: ${reason}`,
      'Name a readable PEM file',
      { cause },
    )
  }
}

/** UconDB splits the header with the credentials at every comma, and a colon would move the border between user and realm. */
function assertWriter(writer: OpenArchiveOptions['writer']): void {
  if (writer === undefined || /^[\x20-\x7e]*$/.test(writer.user.replace(/[,:"\\]/g, '\n'))) return
  throw new ArchiveConfigError(
    'writer',
    'The name of the writer holds a character that UconDB cannot take',
    'Use a name of ASCII characters without , : " and \\',
  )
}

type ArchiveAddress =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'server'; readonly baseUrl: string }

function parseServerUrl(serverUrl: string): ArchiveAddress {
  let url: URL
  try {
    url = new URL(serverUrl)
  } catch {
    throw new ArchiveConfigError('serverUrl', 'The archive address is not a URL', ADDRESS_HINT)
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') return { kind: 'server', baseUrl: parseBaseUrl(url) }
  if (url.protocol !== 'file:') {
    throw new ArchiveConfigError(
      'serverUrl',
      `No archive is known for addresses that begin with '${url.protocol}'`,
      ADDRESS_HINT,
    )
  }
  return { kind: 'folder', path: parseFileUrl(serverUrl, url) }
}

function parseBaseUrl(url: URL): string {
  // Without what may be a password.
  const shown = `${url.protocol}//${url.host}${url.pathname}`
  const refuse = (problem: string, hint: string): never => {
    throw new ArchiveConfigError('serverUrl', `The archive address '${shown}' ${problem}`, hint)
  }
  if (url.username !== '' || url.password !== '')
    refuse('holds credentials', 'Give user and password as settings of their own')
  if (url.search !== '' || url.hash !== '') refuse('has a query or fragment', 'Write only scheme, host, port and path')
  return shown.replace(/\/+$/, '')
}

const ADDRESS_HINT =
  'Use https://host:port/path of a UconDB server, or file:///absolute/folder for an archive on this machine'

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
