import { createHash } from 'node:crypto'
import { join } from 'node:path'

export interface EmbeddedLocation {
  readonly rootPath: string
  readonly folderName: string
  readonly objectName: string
}

const SIDECAR_SUFFIX = '.json'
const LOCKS = 16

/** The names of the files of one embedded archive. */
export class EmbeddedLayout {
  readonly folder: string
  readonly object: string

  constructor(location: EmbeddedLocation) {
    this.folder = join(location.rootPath, location.folderName)
    this.object = join(this.folder, location.objectName)
  }

  body(key: string): string {
    return join(this.object, key)
  }

  sidecar(key: string): string {
    return join(this.object, key + SIDECAR_SUFFIX)
  }

  /** Where puts work until their files appear: temporary files and locks. */
  get workplace(): string {
    return join(this.object, '.put')
  }

  /** The lock that the puts of a key take: one of several, so that puts seldom wait for each other; a fixed number, so that none is ever removed. */
  lock(key: string): string {
    const number = (createHash('sha256').update(key).digest()[0] ?? 0) % LOCKS
    return join(this.workplace, `${number.toString(16)}.lock`)
  }
}
