import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, InvalidUtf8Error, readTextFile } from '@holdfast/atomic-file'
import {
  CONTENT_FOLDER,
  MANIFEST_NAME,
  MARKER_NAME,
  type Manifest,
  type ResourceRecord,
  tryParseManifest,
  tryParseMarker,
} from '../manifest.js'

/** `damaged`: there is something, but not a whole bundle; nothing of this store leaves such. */
export type FoundBundle =
  | { readonly state: 'none' }
  | { readonly state: 'whole'; readonly manifest: Manifest }
  | { readonly state: 'damaged' }

/** Looks at marker and manifest. Errors of the disk other than "not there" are thrown. */
export async function readBundle(path: string): Promise<FoundBundle> {
  const markerText = await readIfThere(join(path, MARKER_NAME))
  if (markerText === undefined) return { state: (await isThere(path)) ? 'damaged' : 'none' }
  const marker = tryParseMarker(markerText)
  const manifestText = marker === undefined ? undefined : await readIfThere(join(path, MANIFEST_NAME))
  const manifest = marker && manifestText !== undefined ? tryParseManifest(manifestText, marker) : undefined
  return manifest === undefined ? { state: 'damaged' } : { state: 'whole', manifest }
}

/** Whether every file that the manifest lists is there with its size. */
export async function hasItsFiles(path: string, manifest: Manifest): Promise<boolean> {
  for (const resource of manifest.resources) if (!(await hasItsFile(path, resource))) return false
  return true
}

async function hasItsFile(path: string, { name, size }: ResourceRecord): Promise<boolean> {
  try {
    const status = await stat(join(path, CONTENT_FOLDER, name))
    return status.isFile() && status.size === size
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readTextFile(path)
  } catch (error) {
    if (isAbsent(error)) return undefined
    if (error instanceof InvalidUtf8Error) return ''
    throw error
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errorCode(error) ?? '')
}
