import { availableParallelism, tmpdir } from 'node:os'
import type { ToolAddress } from './tool-address.js'

export interface ToolOptions {
  /**
   * Host on which the tools run, through ssh: `host` or `user@host`, as in ssh's own configuration. Its key must be known and login must need no
   * password. @default this host
   */
  readonly remoteHost?: string | undefined
  /** The site's folder that holds schema.fcl: `ARTDAQ_DATABASE_CONFDIR` of the tools. @default what `env` says */
  readonly confDir?: string | undefined
  /** A tool that has not ended by then is ended with all that it started. @default 300_000 */
  readonly timeoutMs?: number | undefined
  /** Names or paths of the programs. @default bulkloader, bulkdownloader, conftool.py, ssh */
  readonly programs?: Partial<ToolPrograms> | undefined
  /** Environment of the tools, in which `PATH`, `LD_LIBRARY_PATH` and `PYTHONPATH` lead to them. @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Tools at work at once; a file-system database, which its tools do not lock, gets one at a time. @default 4 */
  readonly concurrency?: number | undefined
  /** Where files are handed to the tools and taken from them. @default the system's folder for temporary files */
  readonly tempDir?: string | undefined
  /** How long a tool may take to end once it was told to, before it is killed. @default 5_000 */
  readonly graceMs?: number | undefined
}

export interface ToolPrograms {
  readonly bulkloader: string
  readonly bulkdownloader: string
  readonly conftool: string
  readonly ssh: string
}

export interface ResolvedToolOptions {
  readonly remoteHost: string | undefined
  readonly timeoutMs: number
  readonly graceMs: number
  readonly programs: ToolPrograms
  /** Without the address of the database. */
  readonly env: Readonly<Record<string, string>>
  readonly concurrency: number
  readonly tempDir: string
  /** What the loader and the downloader get as `-t` on this host; never 0, which ends them with a signal. */
  readonly threads: number
}

const REMOTE_HOST = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9_][A-Za-z0-9_.:-]*$/
// The downloader gives the folder to a shell.
const SAFE_FOLDER = /^\/[A-Za-z0-9_.+/-]*$/
const DEFAULT_PROGRAMS: ToolPrograms = {
  bulkloader: 'bulkloader',
  bulkdownloader: 'bulkdownloader',
  conftool: 'conftool.py',
  ssh: 'ssh',
}
const MAX_THREADS = 16

/** Whether ssh takes it for a host and for nothing else. */
export function isRemoteHost(host: string): boolean {
  return REMOTE_HOST.test(host)
}

/** @throws RangeError */
export function resolveToolOptions(options: ToolOptions, provider: ToolAddress['provider']): ResolvedToolOptions {
  const { remoteHost, confDir, timeoutMs = 300_000, graceMs = 5_000, concurrency = 4, tempDir = tmpdir() } = options
  if (remoteHost !== undefined && !isRemoteHost(remoteHost))
    throw new RangeError(`remoteHost must be 'host' or 'user@host', not ${JSON.stringify(remoteHost)}`)
  for (const [name, value] of Object.entries({ timeoutMs, graceMs })) {
    if (!(value > 0 && value <= MAX_TIMER_MS))
      throw new RangeError(`${name} must be above 0, at most ${MAX_TIMER_MS}, not ${value}`)
  }
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new RangeError(`concurrency must be a whole number of at least 1, not ${concurrency}`)
  if (!SAFE_FOLDER.test(tempDir) || tempDir.includes('schema.fcl'))
    throw new RangeError(
      `tempDir must be an absolute path of letters, digits and . _ + - /, not ${JSON.stringify(tempDir)}`,
    )
  const isFilesystem = provider === 'filesystem'
  const given = Object.entries(options.env ?? process.env)
  const env = Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined))
  delete env.ARTDAQ_DATABASE_URI
  if (confDir !== undefined) env.ARTDAQ_DATABASE_CONFDIR = confDir
  return {
    remoteHost,
    timeoutMs,
    graceMs,
    programs: { ...DEFAULT_PROGRAMS, ...options.programs },
    env,
    // Several writers at once, threads of one loader included, lose entries of a file-system database's index.
    concurrency: isFilesystem ? 1 : concurrency,
    tempDir,
    threads: isFilesystem ? 1 : Math.min(MAX_THREADS, Math.max(1, Math.floor(availableParallelism() / 2))),
  }
}

const MAX_TIMER_MS = 2_147_483_647
