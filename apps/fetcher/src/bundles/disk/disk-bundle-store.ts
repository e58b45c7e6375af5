/**
 * Bundles in a folder, one folder each:
 *
 *     <output>/<source>/<folders>/<label>-<key>/content/…       what was fetched
 *                                              /manifest.json   what it is
 *                                              /completed.json  written last: the manifest's hash
 *     <output>/.staging/.holdfast-….tmp/        a bundle being written, or being removed
 *                      /replaced-<key>/         an earlier bundle, while a new one takes its name
 *                      /lock                    held while a bundle takes the place of another
 *
 * The name of a bundle's folder is the truth: it is given by one rename, when all in it is durable. A crash can leave what is in `.staging`; `sweep`, which
 * `open` calls, removes it, and gives an earlier bundle its name back when the new one did not come.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DirectorySyncs, makeDirectory, openFolderDraft, sweepLeftovers } from '@holdfast/atomic-file'
import { placeOf } from '../bundle-path.js'
import type { BundleDraft, BundleRequest, BundleStore, CompletedBundle } from '../bundle-store.js'
import { DiskBundleDraft } from './disk-bundle-draft.js'
import { readBundle } from './read-bundle.js'
import { isAside, takeBack, withPlacesLocked } from './replace-bundle.js'

export interface DiskBundleStoreOptions {
  /** Values that must not be written anywhere, such as an API key that is part of URLs. @default none */
  readonly secrets?: readonly string[]
}

export interface DiskBundleStoreDeps {
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
}

/**
 * Opens a folder of bundles, creates it when it is missing, and sweeps it.
 *
 * @throws AtomicFileError with the system's code.
 * @example await using store = await openDiskBundleStore('/var/lib/fetcher/output')
 */
export async function openDiskBundleStore(
  folder: string,
  options: DiskBundleStoreOptions = {},
  deps: DiskBundleStoreDeps = {},
): Promise<BundleStore> {
  await makeDirectory(join(folder, STAGING))
  const store = new DiskBundleStore(folder, options, deps)
  await store.sweep()
  return store
}

const STAGING = '.staging'

class DiskBundleStore implements BundleStore {
  readonly #folder: string
  readonly #staging: string
  readonly #secrets: readonly string[]
  readonly #now: () => number
  readonly #syncs = new DirectorySyncs()
  /** Folders for bundles that are being made; whoever finds one of these there already waits until it is durable. */
  readonly #beingMade: Map<string, Promise<void>> = new Map()
  #closed = false

  constructor(folder: string, options: DiskBundleStoreOptions, deps: DiskBundleStoreDeps) {
    this.#folder = folder
    this.#staging = join(folder, STAGING)
    this.#secrets = options.secrets ?? []
    this.#now = deps.now ?? Date.now
  }

  async begin(request: BundleRequest): Promise<BundleDraft> {
    this.#assertOpen()
    const place = placeOf(request, this.#secrets)
    const path = join(this.#folder, place.path)
    await this.#makeFolder(join(path, '..'))
    const folder = await openFolderDraft(path, {
      tempDirectory: this.#staging,
      syncTogether: true,
      directorySyncs: this.#syncs,
    })
    return new DiskBundleDraft(request, place, folder, {
      output: this.#folder,
      staging: this.#staging,
      secrets: this.#secrets,
      now: this.#now,
    })
  }

  async find(request: BundleRequest): Promise<CompletedBundle | undefined> {
    this.#assertOpen()
    const { path } = placeOf(request, this.#secrets)
    const location = join(this.#folder, path)
    const found = await readBundle(location)
    return found.state === 'whole' ? { path, location, manifest: found.manifest, outcome: 'found' } : undefined
  }

  async sweep(): Promise<number> {
    this.#assertOpen()
    let swept = 0
    const asides = (await readdir(this.#staging)).filter(isAside)
    if (asides.length > 0)
      swept += await withPlacesLocked(this.#staging, async () => {
        for (const name of asides) await takeBack(this.#folder, this.#staging, name)
        return asides.length
      })
    return swept + (await sweepLeftovers(this.#staging)).length
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #makeFolder(folder: string): Promise<void> {
    const known = this.#beingMade.get(folder)
    if (known !== undefined) return known
    const work = makeDirectory(folder).finally(() => this.#beingMade.delete(folder))
    this.#beingMade.set(folder, work)
    return work
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error(`The bundle store of '${this.#folder}' is closed`)
  }
}
