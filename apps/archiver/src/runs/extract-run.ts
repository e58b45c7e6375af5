/**
 * Unpacks an archived run into a folder that appears all at once: its files are written and synced under a temporary name beside it, then it gets its
 * name. A crash leaves nothing, or a folder `.holdfast-….tmp`, which the next extraction into the same place removes.
 */
import { lstat, readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode, makeDirectory, openFolderDraft, sweepLeftovers } from '@holdfast/atomic-file'
import { type RunBlobFile, unpackRunBlob } from '@holdfast/ucondb'
import { ExtractNameError, ExtractTargetError, VerificationError } from '../errors.js'

export interface ExtractedRun {
  readonly run: number
  readonly folder: string
  /** As the blob says, without a year. */
  readonly packedOn: string
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  /** `false` in a dry run. */
  readonly written: boolean
}

export interface ExtractOptions {
  readonly run: number
  /** Whole and verified, as the archive gives it. */
  readonly blob: Uint8Array
  /** Absolute; made if need be. One that exists has to be empty. */
  readonly folder: string
  readonly dryRun: boolean
}

/**
 * On return the folder with all files survives a power failure. After any error it is as it was before.
 *
 * @throws ExtractTargetError, ExtractNameError, VerificationError, RunBlobError, AtomicFileError
 */
export async function extractBlob({ run, blob, folder, dryRun }: ExtractOptions): Promise<ExtractedRun> {
  const { runNumber, packedOn, files } = unpackRunBlob(blob)
  if (runNumber !== run) throw new VerificationError(`What is archived as run ${run} says that it is run ${runNumber}`)
  refuseUnsafeNames(run, files)
  await refuseUsedTarget(folder)
  if (!dryRun) await writeAll(folder, files)
  return {
    run,
    folder,
    packedOn,
    files: files.map(({ name, content }) => ({ name, bytes: content.length })),
    written: !dryRun,
  }
}

async function writeAll(folder: string, files: readonly RunBlobFile[]): Promise<void> {
  await makeDirectory(dirname(folder))
  await sweepLeftovers(dirname(folder))
  await using draft = await openFolderDraft(folder)
  for (const { name, content } of files) {
    try {
      await draft.writeFile(name, content)
    } catch (error) {
      // The names are all different, so this disk takes two of them for one.
      if (errorCode(error) === 'EEXIST')
        throw new ExtractNameError(name, 'cannot be told from another one on this disk, which ignores case', error)
      throw error
    }
  }
  try {
    await draft.publish()
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw new ExtractTargetError(folder, error)
    throw error
  }
}

/** What is in a blob was written by others: no name may lead out of the folder, and none may take the place of another. */
function refuseUnsafeNames(run: number, files: readonly RunBlobFile[]): void {
  const names = new Set<string>()
  const folders = new Set<string>()
  for (const { name } of files) {
    const parts = name.split('/')
    if (parts.some((part) => part === '' || part === '.' || part === '..'))
      throw new ExtractNameError(name, 'would leave the folder')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the purpose
    if (/[\u0000-\u001f\u007f\\]/.test(name)) throw new ExtractNameError(name, 'holds characters that no file name may')
    if (names.has(name)) throw new ExtractNameError(name, `occurs twice in run ${run}`)
    names.add(name)
    for (let end = 1; end < parts.length; end += 1) folders.add(parts.slice(0, end).join('/'))
  }
  for (const name of names) if (folders.has(name)) throw new ExtractNameError(name, 'is a file and a folder at once')
}

/** A link is no folder of our own, wherever it leads. */
async function refuseUsedTarget(folder: string): Promise<void> {
  let isEmptyFolder: boolean
  try {
    isEmptyFolder = (await lstat(folder)).isDirectory() && (await readdir(folder)).length === 0
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    throw new ExtractTargetError(folder, error)
  }
  if (!isEmptyFolder) throw new ExtractTargetError(folder)
}
