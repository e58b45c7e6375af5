/**
 * The first half of a commit: the new bytes, whole and synced, under a temporary name.
 * A crash leaves the temporary file, which `sweepLeftovers` removes; the target is not touched here.
 */
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { errorCode, NotARegularFileError } from './errors.js'
import type { FileSystem } from './file-system.js'
import { currentOwner, makeTemporaryName } from './temporary-name.js'

export interface StagedFile {
  readonly temporaryPath: string
  /** Where the bytes go: the path asked for, or what it points to when it is a symbolic link. */
  readonly targetPath: string
  readonly targetExists: boolean
}

export interface StageOptions {
  readonly mode?: number | undefined
  readonly tempDirectory?: string | undefined
}

export async function stageFile(
  fs: FileSystem,
  path: string,
  data: string | Uint8Array,
  options: StageOptions,
): Promise<StagedFile> {
  const targetPath = await followLinks(fs, resolve(path))
  const existing = await statIfThere(fs, targetPath)
  if (existing !== undefined && !existing.isFile()) throw new NotARegularFileError(targetPath)
  const temporaryPath = join(options.tempDirectory ?? dirname(targetPath), makeTemporaryName(currentOwner()))
  // Until its final mode is known to be set, bytes that replace a private file must not be readable by others.
  const handle = await fs.open(
    temporaryPath,
    'wx',
    existing === undefined && options.mode === undefined ? 0o666 : 0o600,
  )
  try {
    try {
      await writeFully(handle, typeof data === 'string' ? Buffer.from(data, 'utf8') : data)
      if (existing !== undefined) await keepOwner(handle, existing)
      const mode = options.mode ?? (existing === undefined ? undefined : existing.mode & 0o7777)
      if (mode !== undefined) await handle.chmod(mode)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    await discardStaged(fs, temporaryPath)
    throw error
  }
  return { temporaryPath, targetPath, targetExists: existing !== undefined }
}

/** Removes a temporary file; an error here must not hide the one that led to it. */
export async function discardStaged(fs: FileSystem, temporaryPath: string): Promise<void> {
  await fs.unlink(temporaryPath).catch(() => undefined)
}

/** Writes every byte or throws: a short write is continued until the system says why it was short. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number | null = null): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const at = position === null ? null : position + written
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, at)
    if (bytesWritten === 0) throw new Error(`The file system took ${written} of ${bytes.length} bytes and no more`)
    written += bytesWritten
  }
}

async function followLinks(fs: FileSystem, path: string): Promise<string> {
  try {
    return await fs.realpath(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
  // Nothing there, or a link whose target does not exist yet: then the target is what gets created.
  const link = await fs.lstat(path).catch(() => undefined)
  if (link === undefined || !link.isSymbolicLink()) return path
  return followLinks(fs, resolve(await fs.realpath(dirname(path)), await fs.readlink(path)))
}

async function statIfThere(fs: FileSystem, path: string): Promise<Stats | undefined> {
  try {
    return await fs.stat(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function keepOwner(handle: FileHandle, existing: Stats): Promise<void> {
  if (process.platform === 'win32') return
  const own = await handle.stat()
  if (own.uid === existing.uid && own.gid === existing.gid) return
  try {
    await handle.chown(existing.uid, existing.gid)
  } catch (error) {
    if (errorCode(error) !== 'EPERM') throw error
    // Only root may give a file away; a member of the file's group can still keep the group.
    if (own.gid !== existing.gid) await handle.chown(own.uid, existing.gid)
  }
}
