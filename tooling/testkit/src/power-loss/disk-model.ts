/**
 * What is on the disk for certain and what is only in memory, at one moment of a recording.
 *
 * - Bytes and size of a file are certain as of the last sync or datasync of that file; its mode as of the last sync.
 * - A name is certain as of the last sync of its folder. Syncing a file says nothing about its names.
 * - A sync covers what was over when it was called, from the moment it returns.
 */
import { applyInFull, type DataChange } from './data-change.js'
import { type Change, type Entry, type InodeAtStart, type InodeNumber, ROOT } from './recording.js'

interface Dated<T> {
  /** Place in the recording; -1 for what was there at the start. */
  readonly index: number
  readonly value: T
}

export type NameVersion = Dated<InodeNumber | undefined>

export interface FileInode {
  readonly kind: 'file'
  /** The path under which it was first seen, for people. */
  readonly label: string
  durable: Buffer
  durableMode: number
  unsynced: Dated<DataChange>[]
  unsyncedModes: Dated<number>[]
}

export interface DirectoryInode {
  readonly kind: 'directory'
  readonly label: string
  readonly mode: number
  /** For every name what it stood for, oldest first. */
  readonly names: Map<string, NameVersion[]>
  /** Changes of names before this place in the recording are certain. */
  syncedBefore: number
}

export interface SymlinkInode {
  readonly kind: 'symlink'
  readonly target: string
}

export type Inode = FileInode | DirectoryInode | SymlinkInode

/** An operation on names: one entry, or the two of a rename. */
export interface NameChange {
  readonly index: number
  readonly entries: readonly Entry[]
  /** Both entries change together or not at all. */
  readonly isAtomic: boolean
}

export class DiskModel {
  readonly inodes: Map<InodeNumber, Inode> = new Map()
  /** Files of which some change has not been synced since. */
  readonly unsyncedFiles: Map<InodeNumber, FileInode> = new Map()
  /** Changes of names of which some folder has not been synced since, oldest first. */
  unsyncedNames: NameChange[] = []
  /** The last change of names of which a folder has been synced since. */
  lastSyncedName = -1

  constructor(atStart: ReadonlyMap<InodeNumber, InodeAtStart>) {
    for (const [number, inode] of atStart) this.inodes.set(number, inodeFrom(inode))
    this.#labelFiles(ROOT, '')
  }

  apply(change: Change, index: number): void {
    switch (change.type) {
      case 'create':
        this.inodes.set(change.inode, emptyFile(this.#labelOf(change.at), change.mode))
        this.#changeNames(index, [{ entry: change.at, inode: change.inode }])
        break
      case 'mkdir':
        this.inodes.set(change.inode, emptyDirectory(this.#labelOf(change.at), change.mode))
        this.#changeNames(index, [{ entry: change.at, inode: change.inode }])
        break
      case 'link':
        this.#changeNames(index, [{ entry: change.at, inode: change.inode }])
        break
      case 'unlink':
        this.#changeNames(index, [{ entry: change.at, inode: undefined }])
        break
      case 'rename': {
        const { from, to, inode } = change
        this.#changeNames(index, [
          { entry: to, inode },
          { entry: from, inode: undefined },
        ])
        break
      }
      case 'write':
      case 'truncate':
        this.#changeFile(change.inode).unsynced.push({ index, value: change })
        break
      case 'chmod':
        this.#changeFile(change.inode).unsyncedModes.push({ index, value: change.mode })
        break
      case 'sync':
      case 'datasync':
        this.#sync(change.inode, change.covers, change.type === 'sync')
        break
      case 'mark':
        break
    }
  }

  /** What a name stands for now, in memory. */
  lookUp(entry: Entry): InodeNumber | undefined {
    return this.directory(entry.directory).names.get(entry.name)?.at(-1)?.value
  }

  directory(number: InodeNumber): DirectoryInode {
    const inode = this.inodes.get(number)
    if (inode?.kind !== 'directory') throw new Error(`Inode ${number} of the recording is not a directory`)
    return inode
  }

  #changeFile(number: InodeNumber): FileInode {
    const inode = this.inodes.get(number)
    if (inode?.kind !== 'file') throw new Error(`Inode ${number} of the recording is not a file`)
    this.unsyncedFiles.set(number, inode)
    return inode
  }

  #changeNames(index: number, changes: readonly { entry: Entry; inode: InodeNumber | undefined }[]): void {
    for (const { entry, inode } of changes) {
      const { names } = this.directory(entry.directory)
      const versions = names.get(entry.name) ?? []
      names.set(entry.name, versions)
      versions.push({ index, value: inode })
    }
    const [first] = changes
    const isDirectory = first?.inode !== undefined && this.inodes.get(first.inode)?.kind === 'directory'
    const entries = changes.map((change) => change.entry)
    const isInOneFolder = new Set(entries.map((entry) => entry.directory)).size === 1
    this.unsyncedNames.push({ index, entries, isAtomic: entries.length > 1 && (isInOneFolder || isDirectory) })
  }

  #sync(number: InodeNumber, covers: number, withMode: boolean): void {
    const inode = this.inodes.get(number)
    if (inode?.kind === 'directory') this.#syncDirectory(inode, covers)
    else if (inode?.kind === 'file') {
      syncFile(inode, covers, withMode)
      if (inode.unsynced.length + inode.unsyncedModes.length === 0) this.unsyncedFiles.delete(number)
    }
  }

  #syncDirectory(directory: DirectoryInode, covers: number): void {
    directory.syncedBefore = Math.max(directory.syncedBefore, covers)
    const isSynced = ({ index }: NameChange, entry: Entry): boolean =>
      index < this.directory(entry.directory).syncedBefore
    for (const change of this.unsyncedNames)
      if (change.entries.some((entry) => isSynced(change, entry)))
        this.lastSyncedName = Math.max(this.lastSyncedName, change.index)
    this.unsyncedNames = this.unsyncedNames.filter((change) => change.entries.some((entry) => !isSynced(change, entry)))
    forgetVersions(directory, Math.min(this.lastSyncedName, directory.syncedBefore - 1))
  }

  #labelOf({ directory, name }: Entry): string {
    const { label } = this.directory(directory)
    return label === '' ? name : `${label}/${name}`
  }

  #labelFiles(number: InodeNumber, label: string): void {
    const inode = this.inodes.get(number)
    if (inode === undefined || inode.kind === 'symlink') return
    this.inodes.set(number, { ...inode, label })
    if (inode.kind !== 'directory') return
    for (const [name, [version]] of inode.names)
      if (version?.value !== undefined) this.#labelFiles(version.value, label === '' ? name : `${label}/${name}`)
  }
}

function syncFile(file: FileInode, covers: number, withMode: boolean): void {
  const isCovered = ({ index }: Dated<unknown>): boolean => index < covers
  for (const { value } of file.unsynced.filter(isCovered)) file.durable = applyInFull(file.durable, value)
  file.unsynced = file.unsynced.filter((change) => !isCovered(change))
  if (!withMode) return
  file.durableMode = file.unsyncedModes.findLast(isCovered)?.value ?? file.durableMode
  file.unsyncedModes = file.unsyncedModes.filter((change) => !isCovered(change))
}

/** Drops what names stood for before the version that is valid at `moment`, and names that were free by then. */
function forgetVersions({ names }: DirectoryInode, moment: number): void {
  for (const [name, versions] of names) {
    const valid = versions.findLastIndex(({ index }) => index <= moment)
    if (valid > 0) versions.splice(0, valid)
    if (valid >= 0 && versions.length === 1 && versions[0]?.value === undefined) names.delete(name)
  }
}

function inodeFrom(inode: InodeAtStart): Inode {
  switch (inode.kind) {
    case 'file':
      return { ...emptyFile('', inode.mode), durable: inode.bytes }
    case 'symlink':
      return inode
    case 'directory': {
      const directory = emptyDirectory('', inode.mode)
      for (const [name, value] of inode.entries) directory.names.set(name, [{ index: -1, value }])
      return directory
    }
  }
}

function emptyFile(label: string, mode: number): FileInode {
  return { kind: 'file', label, durable: Buffer.alloc(0), durableMode: mode, unsynced: [], unsyncedModes: [] }
}

function emptyDirectory(label: string, mode: number): DirectoryInode {
  return { kind: 'directory', label, mode, names: new Map(), syncedBefore: 0 }
}
