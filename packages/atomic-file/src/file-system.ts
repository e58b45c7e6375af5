import type { Dirent, Stats } from 'node:fs'
import { rm } from 'node:fs/promises'
import { directFileSystem } from './direct-file-system.js'

/**
 * The calls through which this package touches the disk; tests pass their own to inject faults. `node:fs/promises` fits.
 * Errors are the system's, with their `code`.
 */
export interface FileSystem {
  copyFile(from: string, to: string, mode: number): Promise<void>
  link(existingPath: string, newPath: string): Promise<void>
  lstat(path: string): Promise<Stats>
  mkdir(path: string, options: { recursive: true; mode: number }): Promise<string | undefined>
  open(path: string, flags: number, mode?: number): Promise<OpenFile>
  readdir(path: string, options: { withFileTypes: true }): Promise<Dirent[]>
  readFile(path: string): Promise<Uint8Array>
  readlink(path: string): Promise<string>
  realpath(path: string): Promise<string>
  rename(oldPath: string, newPath: string): Promise<void>
  /** Removes a folder with all in it; symbolic links are not followed. Asked for only where folders are removed. @default that of `node:fs/promises` */
  rm?(path: string, options: { recursive: true; force: true }): Promise<void>
  unlink(path: string): Promise<void>
}

/** What is asked of an open file or folder; a `FileHandle` of Node has more. */
export interface OpenFile {
  readonly fd: number
  chmod(mode: number): Promise<void>
  chown(uid: number, gid: number): Promise<void>
  /** Waits for the calls under way. */
  close(): Promise<void>
  datasync(): Promise<void>
  stat(): Promise<Stats>
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  /** May write fewer bytes than asked for. */
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesWritten: number }>
}

export interface AtomicFileDeps {
  /** @default directFileSystem */
  readonly fs?: FileSystem
}

export function resolveFs(deps: AtomicFileDeps | undefined): FileSystem {
  return deps?.fs ?? directFileSystem
}

/** Removes a folder with all in it. */
export async function removeTree(fs: FileSystem, path: string): Promise<void> {
  const options = { recursive: true, force: true } as const
  await (fs.rm?.(path, options) ?? rm(path, options))
}
