/**
 * A history that has grown large goes on in a new file. The old one is linked as `<log>.<newest sequence number>` and then replaced by a file that begins
 * with its end, so that at every instant there is a history. A crash between the two leaves the same file under both names, which readers count once.
 */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorCode, keepBackup, removeFile, writeFileAtomic } from '@holdfast/atomic-file'
import type { LogTail } from './audit-log.js'
import { formatLine } from './audit-record.js'
import type { ResolvedDeps } from './deps.js'

export interface RotationOptions {
  /** Size from which a new file is begun, in bytes. */
  readonly maxBytes: number
  /** Number of old files to keep. */
  readonly keepFiles: number
}

/** Begins a new file. `false` when there is no settled state to begin it with, or none since the last time, whose file would have the same name. */
export async function rotateLog(
  path: string,
  tail: LogTail,
  { keepFiles }: RotationOptions,
  deps: ResolvedDeps,
): Promise<boolean> {
  const { state, seq, token, hash } = tail
  if (state?.sha256 === undefined || tail.unfinished.length > 0) return false
  const kept = `${path}.${String(seq).padStart(SEQ_DIGITS, '0')}`
  for (const old of await oldLogs(path)) {
    if (await isSameFile(old, path)) await removeFile(old, { durable: false }, deps.files)
    else if (old === kept) return false
  }
  if (keepFiles > 0) await keepBackup(path, kept, {}, deps.files)
  const { sha256 } = state
  const first = formatLine(
    {
      timestamp: new Date(deps.now()).toISOString(),
      operation: 'rotation',
      success: true,
      pid: deps.pid,
      details: {},
      kind: 'checkpoint',
      host: deps.host,
      seq,
      token,
      before: sha256,
      sha256,
    },
    hash,
  )
  await writeFileAtomic(path, `${first.text}\n`, {}, deps.files)
  const surplus = (await oldLogs(path)).slice(keepFiles)
  for (const old of surplus) await removeFile(old, { durable: false }, deps.files)
  return true
}

/** The files that were rotated out, newest first. */
export async function oldLogs(path: string): Promise<string[]> {
  const folder = dirname(path)
  const prefix = `${basename(path)}.`
  try {
    const names = (await readdir(folder)).filter(
      (name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)),
    )
    return names
      .sort()
      .reverse()
      .map((name) => join(folder, name))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([stat(a, { bigint: true }), stat(b, { bigint: true })])
  return one.ino === other.ino && one.dev === other.dev
}

const SEQ_DIGITS = 15
