import * as nodeFs from 'node:fs/promises'

/** The calls of `node:fs/promises` through which this package touches the disk; tests pass their own to inject faults. */
export type FileSystem = Pick<
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

export interface AtomicFileDeps {
  /** @default node:fs/promises */
  readonly fs?: FileSystem
}

export function resolveFs(deps: AtomicFileDeps | undefined): FileSystem {
  return deps?.fs ?? nodeFs
}
