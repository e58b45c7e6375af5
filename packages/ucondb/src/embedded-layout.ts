import { createHash } from 'node:crypto'
import { join } from 'node:path'

export interface EmbeddedLocation {
  readonly rootPath: string
  readonly folderName: string
  readonly objectName: string
}

/** Where a put works until its files appear: a lock and a folder for temporary files, shared by one key in sixteen. */
export interface Workplace {
  readonly lockPath: string
  readonly directory: string
}

const SIDECAR_SUFFIX = '.json'
const WORKPLACES = 16

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

  /** Several instead of one, so that puts seldom wait for each other; a fixed number, so that none is ever removed. */
  workplace(key: string): Workplace {
    const number = (createHash('sha256').update(key).digest()[0] ?? 0) % WORKPLACES
    const directory = join(this.object, '.put', number.toString(16))
    return { directory, lockPath: join(directory, 'lock') }
  }
}
