import { errorCode, type FolderDraft } from '@holdfast/atomic-file'
import type { BundlePlace } from '../bundle-path.js'
import type { BundleDraft, BundleRequest, CompletedBundle, Content, NewResource } from '../bundle-store.js'
import {
  CONTENT_FOLDER,
  MANIFEST_NAME,
  MARKER_NAME,
  type Manifest,
  makeManifest,
  type ResourceRecord,
  serializeManifest,
  serializeMarker,
} from '../manifest.js'
import { assertExpected, type Measured, measure } from '../measure.js'
import { ResourceList } from '../resource-list.js'
import { withoutSecrets } from '../without-secrets.js'
import { findSame, type ReplaceContext, type Replaced, replaceBundle } from './replace-bundle.js'

export interface DiskDraftContext extends ReplaceContext {
  readonly secrets: readonly string[]
}

// What a rename answers when the name is taken by something that it does not replace.
const TAKEN: ReadonlySet<string | undefined> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR'])

const MOST_ATTEMPTS = 5

/**
 * A bundle in `.staging`. The manifest is written after all resources and the marker after the manifest; nothing relies on their order on the disk, since all of
 * it is durable before the rename, and without the rename there is no bundle.
 */
export class DiskBundleDraft implements BundleDraft {
  readonly request: BundleRequest
  readonly #place: BundlePlace
  readonly #folder: FolderDraft
  readonly #context: DiskDraftContext
  readonly #startedAtMs: number
  readonly #resources: ResourceList
  #manifest: Manifest | undefined
  #written: 'nothing' | 'manifest' | 'marker' = 'nothing'
  #completion: Promise<CompletedBundle> | undefined
  #isCompleted = false

  constructor(request: BundleRequest, place: BundlePlace, folder: FolderDraft, context: DiskDraftContext) {
    this.request = request
    this.#place = place
    this.#folder = folder
    this.#context = context
    this.#startedAtMs = context.now()
    this.#resources = new ResourceList(
      {
        keep: (name, resource, content) => this.#keep(name, resource, content),
        drop: (name) => folder.removeFile(`${CONTENT_FOLDER}/${name}`),
      },
      context,
    )
  }

  add(resource: NewResource, content: Content): Promise<readonly ResourceRecord[]> {
    return this.#resources.add(resource, content)
  }

  complete(): Promise<CompletedBundle> {
    this.#completion ??= this.#complete().catch((error: unknown) => {
      // So that it can be tried again.
      this.#completion = undefined
      throw error
    })
    return this.#completion
  }

  async abandon(): Promise<void> {
    if (this.#isCompleted) return
    this.#resources.close('abandoned')
    await this.#folder.discard()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#completion?.catch(() => undefined)
    await this.abandon()
  }

  async #keep(name: string, resource: NewResource, content: Content): Promise<Measured> {
    await using file = await this.#folder.createFile(`${CONTENT_FOLDER}/${name}`)
    const measured = await measure(content, (part) => file.write(part))
    assertExpected(resource, measured)
    await file.finish()
    return measured
  }

  async #complete(): Promise<CompletedBundle> {
    this.#resources.close('being completed')
    try {
      await this.#resources.settled()
    } catch (error) {
      this.#resources.reopen()
      throw error
    }
    const manifest = this.#makeManifest()
    const { outcome, manifest: current } = (await this.#findSame(manifest)) ?? (await this.#writeAndPublish(manifest))
    this.#isCompleted = true
    return { path: this.#place.path, location: this.#folder.path, manifest: current, outcome }
  }

  #makeManifest(): Manifest {
    const { secrets, now } = this.#context
    const { source, id, name } = this.request
    this.#manifest ??= makeManifest({
      bundle: this.#place.path,
      request: { source, id: withoutSecrets(id, secrets), name: withoutSecrets(name, secrets) },
      startedAtMs: this.#startedAtMs,
      completedAtMs: now(),
      resources: this.#resources.records,
    })
    return this.#manifest
  }

  /** An earlier bundle that holds the same, which saves all the rest. */
  async #findSame(manifest: Manifest): Promise<Replaced | undefined> {
    // At a second try that may be this bundle itself, whose name is not yet sure to be durable.
    if (this.#written !== 'nothing') return undefined
    const same = await findSame(this.#folder.path, manifest)
    if (same === undefined) return undefined
    await this.#folder.discard()
    return { outcome: 'unchanged', manifest: same }
  }

  /** Both files are written once, however often it is completed. */
  async #writeAndPublish(manifest: Manifest): Promise<Replaced> {
    const text = serializeManifest(manifest)
    if (this.#written === 'nothing') {
      await this.#folder.writeFile(MANIFEST_NAME, text)
      this.#written = 'manifest'
    }
    if (this.#written === 'manifest') {
      await this.#folder.writeFile(MARKER_NAME, serializeMarker(manifest, text))
      this.#written = 'marker'
    }
    return this.#publish(manifest)
  }

  async #publish(manifest: Manifest): Promise<Replaced> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#folder.publish()
        return { outcome: 'stored', manifest }
      } catch (error) {
        if (!TAKEN.has(errorCode(error))) throw error
      }
      try {
        return await replaceBundle(this.#folder, manifest, this.#place, this.#context)
      } catch (error) {
        // Another process published the same request this very moment.
        if (!TAKEN.has(errorCode(error)) || attempt >= MOST_ATTEMPTS) throw error
      }
    }
  }
}
