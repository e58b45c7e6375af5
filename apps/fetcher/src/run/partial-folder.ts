/**
 * Owns `partial-<n>` in the work folder, with what is there of files that are being downloaded. Each process has a folder of its own; when it is dead, the next
 * one takes that folder and goes on with what is in it.
 */
import { join } from 'node:path'
import { makeDirectory } from '@holdfast/atomic-file'
import { takeSlot } from './take-slot.js'

export interface PartialFolder {
  readonly path: string
  release(): Promise<void>
}

export async function takePartialFolder(workFolder: string): Promise<PartialFolder> {
  await makeDirectory(workFolder)
  const { number, release } = await takeSlot(join(workFolder, 'partial'))
  const path = join(workFolder, `partial-${number}`)
  await makeDirectory(path)
  return { path, release }
}
