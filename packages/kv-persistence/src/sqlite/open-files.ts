import { realpathSync, statSync } from 'node:fs'

/**
 * Says whether the files of an open database are still those of their names. Somebody may remove, replace or empty them: SQLite goes on with what it
 * has open, and what it writes there is gone for everybody else. A file that is open keeps its inode, so that no other one can have it.
 */
export class OpenFiles {
  readonly #files: readonly { readonly path: string; readonly identity: string | undefined }[]

  /** Of a database that has just been opened and read. SQLite keeps its log beside what a symbolic link points to. */
  constructor(path: string) {
    const real = realpathSync(path)
    this.#files = [path, `${real}-wal`, `${real}-shm`].map((file) => ({ path: file, identity: identityOf(file) }))
  }

  /** The first one that is no longer in its place. */
  findLost(): string | undefined {
    return this.#files.find(({ path, identity }) => identityOf(path) !== identity)?.path
  }
}

function identityOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined
    ? undefined
    : `${stats.dev}:${stats.ino}${stats.size === 0 && !path.endsWith('-wal') ? ' emptied' : ''}`
}
