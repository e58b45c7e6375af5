import type { PathLike } from 'node:fs'
import { realpathSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DiskModel } from './disk-model.js'
import { readFolder } from './read-folder.js'
import {
  type Change,
  type Entry,
  type InodeAtStart,
  type InodeNumber,
  type RecordedEvent,
  type Recording,
  ROOT,
} from './recording.js'

/** Where a path leads below the recorded folder. */
export interface Place extends Entry {
  /** Relative to the recorded folder. */
  readonly path: string
  /** `undefined` for a free name, and for a file that came into being past the recorder. */
  readonly inode: InodeNumber | undefined
}

/** The list of events, and the names as they are at its end. Operations that change files pass through it one after the other. */
export class Recorder {
  readonly #root: string
  readonly #atStart: ReadonlyMap<InodeNumber, InodeAtStart>
  readonly #events: RecordedEvent[] = []
  readonly #model: DiskModel
  #nextInode: InodeNumber
  #last: Promise<unknown> = Promise.resolve()

  constructor(root: string) {
    this.#root = realpathSync(root)
    this.#atStart = readFolder(this.#root)
    this.#model = new DiskModel(this.#atStart)
    this.#nextInode = this.#atStart.size
  }

  /** Does the work once what was asked for earlier is over, so that the order of the events is that of their effects. */
  serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }

  /** How many events there are: what a sync that is called now covers. */
  now(): number {
    return this.#events.length
  }

  record(change: Change, text: string): void {
    this.#model.apply(change, this.#events.length)
    this.#events.push({ ...change, text })
  }

  newInode(): InodeNumber {
    return this.#nextInode++
  }

  recording(): Recording {
    return { atStart: this.#atStart, events: [...this.#events] }
  }

  /** A name, not followed when it is a link. `undefined` outside of the recorded folder and where there is no such folder. */
  locate(path: PathLike): Place | undefined {
    const text = pathText(path)
    try {
      return this.locateReal(join(realpathSync(dirname(text)), basename(text)))
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** The same for a path without links and dots. */
  locateReal(path: string): Place | undefined {
    const within = relative(this.#root, path)
    if (within === '' || within === '..' || within.startsWith(`..${sep}`)) return undefined
    const names = within.split(sep)
    const name = names.pop() ?? ''
    let directory: InodeNumber = ROOT
    for (const parent of names) {
      const inode = this.#model.lookUp({ directory, name: parent })
      if (inode === undefined) throw pastRecorder(dirname(within))
      directory = inode
    }
    return { directory, name, path: within, inode: this.#model.lookUp({ directory, name }) }
  }

  isRoot(realPath: string): boolean {
    return realPath === this.#root
  }
}

export function pathText(path: PathLike): string {
  return path instanceof URL ? fileURLToPath(path) : String(path)
}

export function pastRecorder(path: string): Error {
  return new Error(
    `'${path}' was made past the recording file system: make it before the recording begins, or through the recorded fs`,
  )
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
