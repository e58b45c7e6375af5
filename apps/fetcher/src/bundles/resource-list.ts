import type { Content, NewResource } from './bundle-store.js'
import { BundleIncompleteError } from './errors.js'
import type { ResourceRecord } from './manifest.js'
import { assertExpected, type Measured, recordOf } from './measure.js'
import { keyOf, ResourceNames } from './resource-names.js'
import { withoutSecrets } from './without-secrets.js'

/** What a kind of storage does with one resource. */
export interface ResourceKeeper {
  /** Keeps the content under the name, durably. @throws when it does not; nothing is kept then */
  keep(name: string, resource: NewResource, content: Content): Promise<Measured>
  drop(name: string): Promise<void>
}

export interface ResourceListOptions {
  readonly secrets: readonly string[]
  readonly now: () => number
  /** Of the name of a resource. @default no limit but that of its parts */
  readonly mostNameBytes?: number
}

/** The resources of a draft: which are kept, which are under way, and which failed and are missing. The same for every kind of storage. */
export class ResourceList {
  readonly #keeper: ResourceKeeper
  readonly #options: ResourceListOptions
  readonly #names: ResourceNames
  readonly #kept: Map<string, ResourceRecord> = new Map()
  readonly #failed: Map<string, unknown> = new Map()
  readonly #underWay: Set<Promise<unknown>> = new Set()
  #closed: string | undefined

  constructor(keeper: ResourceKeeper, options: ResourceListOptions) {
    this.#keeper = keeper
    this.#options = options
    this.#names = new ResourceNames(options.secrets, options.mostNameBytes)
  }

  get records(): Iterable<ResourceRecord> {
    return this.#kept.values()
  }

  add(resource: NewResource, content: Content): Promise<readonly ResourceRecord[]> {
    if (this.#closed !== undefined)
      return Promise.reject(new Error(`Nothing can be added: the bundle is ${this.#closed}`))
    const work = this.#add(resource, content)
    this.#underWay.add(work)
    const done = (): boolean => this.#underWay.delete(work)
    work.then(done, done)
    return work
  }

  /** From now on nothing can be added. */
  close(why: string): void {
    this.#closed ??= why
  }

  reopen(): void {
    this.#closed = undefined
  }

  /** @throws BundleIncompleteError when something is missing */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay)
    for (const [key, cause] of this.#failed) {
      const [url, name]: [string, string | null] = JSON.parse(key)
      const shown = withoutSecrets(name ?? url, this.#options.secrets)
      throw new BundleIncompleteError(shown, `'${shown}' could not be stored and was not added again`, { cause })
    }
  }

  async #add(resource: NewResource, content: Content): Promise<readonly ResourceRecord[]> {
    const key = keyOf(resource)
    const earlier = this.#kept.get(key)
    if (earlier !== undefined) {
      this.#kept.delete(key)
      this.#failed.set(key, new Error('It was being replaced'))
      await this.#keeper.drop(earlier.name)
      this.#names.release(earlier.name)
    }
    const name = this.#names.take(resource)
    try {
      const measured = await this.#keeper.keep(name, resource, checked(resource, content))
      const record = recordOf(resource, name, measured, {
        nowMs: this.#options.now(),
        secrets: this.#options.secrets,
      })
      this.#kept.set(key, record)
      this.#failed.delete(key)
      return [record]
    } catch (error) {
      this.#names.release(name)
      this.#failed.set(key, error)
      throw error
    }
  }
}

/** Content that is longer than announced is refused when that shows, and not stored to its end. */
async function* checked(resource: NewResource, content: Content): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const part of content) {
    size += part.length
    if (resource.expectedSize !== undefined && size > resource.expectedSize)
      assertExpected(resource, { size, sha256: '' })
    yield part
  }
}
