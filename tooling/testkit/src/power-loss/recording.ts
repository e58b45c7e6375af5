/** Identifies a file, folder or link through all its names. Unlike those of the system, these numbers are never used again. */
export type InodeNumber = number

export const ROOT: InodeNumber = 0

export interface FileAtStart {
  readonly kind: 'file'
  readonly mode: number
  readonly bytes: Buffer
}

export interface FolderAtStart {
  readonly kind: 'directory'
  readonly mode: number
  readonly entries: ReadonlyMap<string, InodeNumber>
}

export interface LinkAtStart {
  readonly kind: 'symlink'
  readonly target: string
}

export type InodeAtStart = FileAtStart | FolderAtStart | LinkAtStart

export interface Entry {
  readonly directory: InodeNumber
  readonly name: string
}

/** What one operation did. The place of an event in the list is its time. */
export type Change =
  | { readonly type: 'create' | 'mkdir'; readonly at: Entry; readonly inode: InodeNumber; readonly mode: number }
  | { readonly type: 'link'; readonly at: Entry; readonly inode: InodeNumber }
  | { readonly type: 'unlink'; readonly at: Entry }
  | { readonly type: 'rename'; readonly from: Entry; readonly to: Entry; readonly inode: InodeNumber }
  | { readonly type: 'write'; readonly inode: InodeNumber; readonly position: number; readonly bytes: Buffer }
  | { readonly type: 'truncate'; readonly inode: InodeNumber; readonly size: number }
  | { readonly type: 'chmod'; readonly inode: InodeNumber; readonly mode: number }
  /** A sync that has returned; it covers the events before `covers`, which were over when it was called. */
  | {
      readonly type: 'sync' | 'datasync'
      readonly inode: InodeNumber
      readonly covers: number
    }
  | { readonly type: 'mark'; readonly label: string }

export type RecordedEvent = Change & {
  /** For people, such as `rename 'a' to 'b'`. */
  readonly text: string
}

/** What was done to the files below a folder. */
export interface Recording {
  /** What was there when the recording began, {@link ROOT} is the folder itself. All of it counts as durable. */
  readonly atStart: ReadonlyMap<InodeNumber, InodeAtStart>
  /** Operations and marks in the order in which they took effect. */
  readonly events: readonly RecordedEvent[]
}
