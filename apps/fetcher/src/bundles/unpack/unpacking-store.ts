/**
 * Unpacks what comes packed before it is kept. A zip archive has its directory at its end, so it is first written into a scratch folder; it is gone when
 * it is unpacked. A crash leaves it as `.holdfast-….tmp`, which the next sweep removes.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type FolderDraft, makeDirectory, openFolderDraft, sweepLeftovers } from '@holdfast/atomic-file'
import type { BundleDraft, BundleRequest, BundleStore, CompletedBundle, Content, NewResource } from '../bundle-store.js'
import type { ResourceRecord } from '../manifest.js'
import { assertExpected, type Measured, measure } from '../measure.js'
import { withoutSecrets } from '../without-secrets.js'
import { gunzip } from './gunzip.js'
import { UnpackBudget, type UnpackLimits } from './limits.js'
import { type Packing, packingOf } from './packing.js'
import { unzip } from './unzip.js'

export interface UnpackingOptions extends UnpackLimits {
  /** Where zip archives wait while they are unpacked; created when it is missing. */
  readonly scratch: string
  /** What is unpacked. @default both */
  readonly formats?: readonly Packing[]
}

/**
 * The same store, for what comes as zip or gzip: the files within are kept instead, and say in the manifest what they were unpacked from. The files of
 * `a.zip` are below `a.zip/`; `a.json.gz` becomes `a.json`. A bundle in which something could not be unpacked cannot be completed.
 *
 * @throws RangeError for a limit that is none.
 * @example const store = unpackingStore(await openDiskBundleStore('out'), { scratch: 'out/.staging' })
 */
export function unpackingStore(store: BundleStore, options: UnpackingOptions): BundleStore {
  new UnpackBudget(options)
  const close = (): Promise<void> => store.close()
  let swept: Promise<unknown> | undefined
  return {
    begin: async (request) => {
      swept ??= sweepLeftovers(options.scratch)
      await swept
      return new UnpackingDraft(await store.begin(request), options)
    },
    find: (request) => store.find(request),
    sweep: async () => (await store.sweep()) + (await sweepLeftovers(options.scratch)).length,
    close,
    [Symbol.asyncDispose]: close,
  }
}

class UnpackingDraft implements BundleDraft {
  readonly #draft: BundleDraft
  readonly #options: UnpackingOptions
  readonly #underWay: Set<Promise<unknown>> = new Set()
  #failure: { readonly reason: unknown } | undefined

  constructor(draft: BundleDraft, options: UnpackingOptions) {
    this.#draft = draft
    this.#options = options
  }

  get request(): BundleRequest {
    return this.#draft.request
  }

  add(resource: NewResource, content: Content): Promise<readonly ResourceRecord[]> {
    const packing = this.#packingOf(resource)
    if (packing === undefined) return this.#draft.add(resource, content)
    const work = this.#unpack(resource, content, packing.format, packing.name, 1, new UnpackBudget(this.#options))
    this.#underWay.add(work)
    work.then(
      () => this.#underWay.delete(work),
      (reason: unknown) => {
        this.#failure ??= { reason }
        this.#underWay.delete(work)
      },
    )
    return work
  }

  async complete(): Promise<CompletedBundle> {
    await Promise.allSettled(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure.reason
    return this.#draft.complete()
  }

  abandon(): Promise<void> {
    return this.#draft.abandon()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#draft[Symbol.asyncDispose]()
  }

  #packingOf(resource: NewResource): { readonly format: Packing; readonly name: string } | undefined {
    const packing = packingOf(resource)
    return packing && (this.#options.formats ?? ['zip', 'gzip']).includes(packing.format) ? packing : undefined
  }

  async #addUnpacked(
    resource: NewResource,
    content: Content,
    depth: number,
    budget: UnpackBudget,
  ): Promise<readonly ResourceRecord[]> {
    const packing = depth < budget.limits.maxNesting ? this.#packingOf(resource) : undefined
    if (packing === undefined) return this.#draft.add(resource, content)
    return this.#unpack(resource, content, packing.format, packing.name, depth + 1, budget)
  }

  #unpack(
    resource: NewResource,
    content: Content,
    format: Packing,
    unpackedName: string,
    depth: number,
    budget: UnpackBudget,
  ): Promise<readonly ResourceRecord[]> {
    return format === 'zip'
      ? this.#unpackZip(resource, content, unpackedName, depth, budget)
      : this.#unpackGzip(resource, content, unpackedName, depth, budget)
  }

  async #unpackGzip(
    resource: NewResource,
    content: Content,
    name: string,
    depth: number,
    budget: UnpackBudget,
  ): Promise<readonly ResourceRecord[]> {
    const archive = archiveName(resource)
    // Known when the content ends, which is before the record is made.
    const origin = { name: archive, size: 0, sha256: '' }
    const unpacked = gunzip(
      measured(resource, content, (facts) => Object.assign(origin, facts)),
      archive,
      budget,
    )
    return this.#addUnpacked(inner(resource, name, origin), unpacked, depth, budget)
  }

  async #unpackZip(
    resource: NewResource,
    content: Content,
    folder: string,
    depth: number,
    budget: UnpackBudget,
  ): Promise<readonly ResourceRecord[]> {
    const archive = archiveName(resource)
    await using scratch = await this.#openScratch()
    await using file = await scratch.createFile('archive.zip')
    const facts = await measure(content, (part) => file.write(part))
    assertExpected(resource, facts)
    const records: ResourceRecord[] = []
    for await (const entry of unzip(file.path, archive, budget)) {
      const unpacked = inner(resource, `${folder}/${entry.name}`, { name: archive, ...facts })
      records.push(...(await this.#addUnpacked(unpacked, entry.content, depth, budget)))
    }
    return records
  }

  /** Never published: only a place that is swept. */
  async #openScratch(): Promise<FolderDraft> {
    await makeDirectory(this.#options.scratch)
    return openFolderDraft(join(this.#options.scratch, 'unpacking'))
  }
}

function archiveName(resource: NewResource): string {
  return withoutSecrets(resource.name ?? resource.url)
}

function inner(
  resource: NewResource,
  name: string,
  unpackedFrom: NonNullable<NewResource['unpackedFrom']>,
): NewResource {
  const { expectedSize: _size, expectedSha256: _sha256, contentType: _type, ...rest } = resource
  return { ...rest, name, unpackedFrom }
}

/** Passes the content on and tells its facts at its end. */
async function* measured(
  resource: NewResource,
  content: Content,
  tell: (facts: Measured) => void,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let size = 0
  for await (const part of content) {
    hash.update(part)
    size += part.length
    yield part
  }
  const facts = { size, sha256: hash.digest('hex') }
  assertExpected(resource, facts)
  tell(facts)
}
