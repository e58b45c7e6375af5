import { linkSync, lstatSync, openSync, renameSync } from 'node:fs'
import { copyFile, readdir, readFile, readlink, realpath, rm, unlink } from 'node:fs/promises'
import { DirectFile } from './direct-file.js'
import type { FileSystem } from './file-system.js'
import { makeDirectories } from './make-directories.js'

/**
 * The default file system. A trip through Node's thread pool costs more than what most calls do, and a replaced file takes a dozen of them, so
 * calls that the kernel answers from memory are made at once, on the calling thread. What waits for the disk or for the size of a file (syncs, large writes, whole
 * files, folders, freeing a file's blocks) goes through the pool. While the kernel itself is stuck, as on a network mount whose server is gone, a call
 * made at once stops the event loop; give `node:fs/promises` instead where that can happen.
 */
export const directFileSystem: FileSystem = {
  link: async (existingPath, newPath) => linkSync(existingPath, newPath),
  lstat: async (path) => lstatSync(path),
  open: async (path, flags, mode) => new DirectFile(openSync(path, flags, mode)),
  rename: async (oldPath, newPath) => renameSync(oldPath, newPath),

  copyFile: (from, to, mode) => copyFile(from, to, mode),
  mkdir: (path, { mode }) => makeDirectories(path, mode),
  readdir: (path, options) => readdir(path, options),
  readFile: (path) => readFile(path),
  readlink: (path) => readlink(path),
  realpath: (path) => realpath(path),
  rm: (path, options) => rm(path, options),
  unlink: (path) => unlink(path),
}
