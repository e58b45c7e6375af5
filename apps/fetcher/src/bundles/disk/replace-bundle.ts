/**
 * A new bundle takes the place of another. No system call exchanges two folders everywhere, so the earlier one first steps aside, into `.staging/replaced-<key>`;
 * its manifest says where it belongs. A crash in between leaves the name free for a moment and the earlier bundle whole: `takeBack` gives it its name again.
 */
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, type FolderDraft, moveFile, removeFolder } from '@holdfast/atomic-file'
import { withLock } from '@holdfast/lock'
import type { BundlePlace } from '../bundle-path.js'
import { isSameContent, type Manifest } from '../manifest.js'
import { hasItsFiles, readBundle } from './read-bundle.js'

const ASIDE = /^replaced-([0-9a-f]{24})$/
const LOCK_TIMEOUT_MS = 60_000

export interface ReplaceContext {
  readonly output: string
  readonly staging: string
  readonly now: () => number
}

export interface Replaced {
  readonly outcome: 'stored' | 'replaced' | 'unchanged'
  /** That of the bundle which is there now. */
  readonly manifest: Manifest
}

export function isAside(name: string): boolean {
  return ASIDE.test(name)
}

/** Runs the work while no other process exchanges bundles in this output folder. */
export function withPlacesLocked<T>(staging: string, work: () => Promise<T>): Promise<T> {
  return withLock(join(staging, 'lock'), work, { timeoutMs: LOCK_TIMEOUT_MS })
}

/** Publishes a draft whose name is taken. The draft is kept when it fails, so that it can be called again. */
export async function replaceBundle(
  draft: FolderDraft,
  manifest: Manifest,
  place: BundlePlace,
  context: ReplaceContext,
): Promise<Replaced> {
  return withPlacesLocked(context.staging, async () => {
    const aside = asideName(place.key)
    await takeBack(context.output, context.staging, aside)
    const earlier = await readBundle(draft.path)
    if (earlier.state === 'whole') {
      const same = await findSame(draft.path, manifest)
      if (same !== undefined) {
        await draft.discard()
        return { outcome: 'unchanged', manifest: same }
      }
      await moveFile(draft.path, join(context.staging, aside))
    } else if (earlier.state === 'damaged') {
      // Nobody knows what it is: it is kept for people to look at.
      await moveFile(draft.path, `${draft.path}.corrupt-${timeStamp(context.now())}`)
    }
    try {
      await draft.publish()
    } catch (error) {
      await takeBack(context.output, context.staging, aside)
      throw error
    }
    await removeFolder(join(context.staging, aside), { tempDirectory: context.staging })
    return { outcome: earlier.state === 'whole' ? 'replaced' : 'stored', manifest }
  })
}

/** The manifest of a bundle that is there, whole, and holds the same. */
export async function findSame(path: string, manifest: Manifest): Promise<Manifest | undefined> {
  const found = await readBundle(path)
  if (found.state !== 'whole' || !isSameContent(found.manifest, manifest)) return undefined
  return (await hasItsFiles(path, found.manifest)) ? found.manifest : undefined
}

/** Ends what a crash interrupted: the bundle that stepped aside gets its name back, or goes when another has it. Only while locked. */
export async function takeBack(output: string, staging: string, name: string): Promise<void> {
  const aside = join(staging, name)
  const found = await readBundle(aside)
  if (found.state !== 'whole') return
  const path = join(output, found.manifest.bundle)
  if (!found.manifest.bundle.endsWith(`-${ASIDE.exec(name)?.[1]}`) || found.manifest.bundle.split('/').includes('..'))
    return
  if (await isThere(path)) await removeFolder(aside, { tempDirectory: staging })
  else await moveFile(aside, path)
}

function asideName(key: string): string {
  return `replaced-${key}`
}

function timeStamp(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}
