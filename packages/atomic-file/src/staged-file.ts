/**
 * The first half of a commit: the new bytes, whole and synced, under a temporary name.
 * A crash leaves the temporary file, which `sweepLeftovers` removes; the target is not touched here.
 */
import { constants } from 'node:fs'
import { dirname } from 'node:path'
import type { Companion } from './companion.js'
import type { FileSystem } from './file-system.js'
import { takeOwnership } from './ownership.js'
import { inFolder, type Target } from './target.js'
import { currentOwner, makeTemporaryName } from './temporary-name.js'
import { writeFully } from './write-fully.js'

export interface StagedFile {
  readonly temporaryPath: string
  readonly target: Target
}

export interface StageOptions {
  readonly mode?: number | undefined
  readonly tempDirectory?: string | undefined
  /** Begun while the bytes are being synced; awaited here only when the staging fails. */
  readonly beside?: Companion
}

const NEW_AND_EXCLUSIVE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

export async function stageFile(
  fs: FileSystem,
  target: Target,
  bytes: Uint8Array,
  options: StageOptions,
): Promise<StagedFile> {
  const { existing } = target
  const temporaryPath = inFolder(options.tempDirectory ?? dirname(target.path), makeTemporaryName(currentOwner()))
  const handle = await fs.open(temporaryPath, NEW_AND_EXCLUSIVE, modeToCreateWith(options.mode ?? existing?.mode))
  try {
    try {
      await allDone([
        writeFully(handle, bytes),
        existing !== undefined
          ? takeOwnership(handle, existing, options.mode)
          : options.mode !== undefined && handle.chmod(options.mode),
      ])
      const synced = handle.sync()
      options.beside?.begin()
      await synced
    } finally {
      await handle.close()
    }
  } catch (error) {
    await options.beside?.ended()
    await discardStaged(fs, temporaryPath)
    throw error
  }
  return { temporaryPath, target }
}

/**
 * Bytes that replace a private file must not be readable by others before owner and mode are set. Where group and others may the same, it does not
 * matter whose group the file has at first, and the mode is right from the beginning.
 */
function modeToCreateWith(finalMode: number | undefined): number {
  if (finalMode === undefined) return 0o666
  const isSameForAll = ((finalMode >> 3) & 0o007) === (finalMode & 0o007)
  return finalMode & (isSameForAll ? 0o777 : 0o700)
}

/** Removes a temporary file; an error here must not hide the one that led to it. */
export async function discardStaged(fs: FileSystem, temporaryPath: string): Promise<void> {
  await fs.unlink(temporaryPath).catch(() => undefined)
}

/** Like `Promise.all`, but nothing is still under way when it rejects. */
async function allDone(work: readonly unknown[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason
}
