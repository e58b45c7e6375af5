import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode } from './errors.js'

/**
 * `mkdir -p`, one level after the other. Node's own goes on for ever where a folder that exists says by `ENOENT` that nothing can be made in it, as /proc and the
 * folders of an automounter do.
 *
 * @returns the first folder that was made, if any was
 */
export async function makeDirectories(path: string, mode: number): Promise<string | undefined> {
  try {
    return (await makeDirectoryHere(path, mode)) ? path : undefined
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error
  }
  const first = await makeDirectories(dirname(path), mode)
  return (await makeDirectoryHere(path, mode)) ? (first ?? path) : first
}

/** Whether it was made by this call; one that is there already is as good. */
async function makeDirectoryHere(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode })
    return true
  } catch (error) {
    const isThere = errorCode(error) === 'EEXIST' && (await stat(path).catch(() => undefined))?.isDirectory()
    if (isThere !== true) throw error
    return false
  }
}
