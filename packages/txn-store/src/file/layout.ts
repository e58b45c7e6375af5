import { readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import { StateReadError } from '../errors.js'

export interface LayoutOptions {
  /** The folder for backups, history and journal: a name beside the document, or an absolute path. @default '.pipeline' */
  readonly folder?: string | undefined
  /** The name of the history in that folder. @default 'transactions.log' for `pipeline.json`, otherwise `<name>.transactions.log` */
  readonly logName?: string | undefined
}

/** Where everything about one document is. */
export interface Layout {
  /** The document, symbolic links followed, so that all who reach it by whatever name agree on the rest. */
  readonly document: string
  readonly lock: string
  readonly folder: string
  readonly backups: string
  readonly log: string
  readonly journal: string
}

/** `pipeline.json` has the names that the Python original gave; any other document in the folder has its own, so that two never mix. */
export function findLayout(path: string, options: LayoutOptions = {}): Layout {
  const document = followLinks(resolve(path))
  const name = basename(document)
  const folder = resolve(dirname(document), options.folder ?? '.pipeline')
  const logName = options.logName ?? (name === 'pipeline.json' ? 'transactions.log' : `${name}.transactions.log`)
  return {
    document,
    lock: `${document}.lock`,
    folder,
    backups: join(folder, 'backups'),
    log: join(folder, logName),
    journal: join(folder, `${name}.journal`),
  }
}

function followLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw unreachable(path, error)
  }
  const target = linkTarget(path)
  if (target !== undefined) return followLinks(resolve(dirname(path), target))
  const folder = dirname(path)
  return folder === path ? path : join(followLinks(folder), basename(path))
}

/** Where a link points to whose document is not there yet. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function unreachable(path: string, cause: unknown): StateReadError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new StateReadError(`Cannot find out where '${path}' is: ${reason}`, { path, cause })
}

/** What comes before and after the time in the name of a backup. */
export function backupAffixes({ document }: Layout): { readonly prefix: string; readonly suffix: string } {
  const extension = extname(document)
  return { prefix: `${basename(document, extension)}_`, suffix: `${extension}.bak` }
}
