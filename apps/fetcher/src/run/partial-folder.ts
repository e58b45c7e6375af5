/**
 * Owns `partial-<n>` in the work folder, with what is there of files that are being downloaded. Each process has a folder of its own, whose lock the kernel
 * frees when it dies; the next one takes that folder and goes on with what is in it.
 */
import { join } from 'node:path'
import { makeDirectory } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'

export interface PartialFolder {
  readonly path: string
  release(): Promise<void>
}

export async function takePartialFolder(workFolder: string): Promise<PartialFolder> {
  await makeDirectory(workFolder)
  for (let number = 1; ; number += 1) {
    const path = join(workFolder, `partial-${number}`)
    const lock = await FileLock.tryAcquire(`${path}.lock`)
    if (lock === undefined) continue
    await makeDirectory(path)
    return { path, release: () => lock.release() }
  }
}
