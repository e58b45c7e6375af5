import type * as nodeFs from 'node:fs/promises'

/** The calls that the storage packages make; the same type as `FileSystem` of `@holdfast/atomic-file`, whose tests use this package. */
export type RecordedFileSystem = Pick<
  typeof nodeFs,
  | 'copyFile'
  | 'link'
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'readdir'
  | 'readFile'
  | 'readlink'
  | 'realpath'
  | 'rename'
  | 'unlink'
>
