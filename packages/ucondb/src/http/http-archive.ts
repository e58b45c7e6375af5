/**
 * The archive on a UconDB server. The server is the source of truth; this client keeps nothing. A put whose answer is lost may have stored its
 * body: the next attempt is then told that the key exists, and comparing the bytes settles it.
 */
import { adler32 } from '../adler32.js'
import {
  ArchiveClosedError,
  ArchiveConflictError,
  ArchiveDamagedError,
  ArchiveNotFoundError,
  ArchiveUnavailableError,
} from '../errors.js'
import { assertArchiveBody, assertArchiveKey, inCodePointOrder, isArchiveKey, runNumbersOf } from '../names.js'
import type {
  ArchiveCallOptions,
  ArchiveCheck,
  ArchivedVersion,
  BodyFacts,
  PutOptions,
  PutResult,
  RunArchive,
} from '../run-archive.js'
import { absence, DownloadJudge, describeFacts, type Place, promisedFacts, throwIfHopeless } from './answers.js'
import { checkServer } from './check-server.js'
import { createServerFolder } from './create-server-folder.js'
import { OneAtATime } from './one-at-a-time.js'
import type { HttpAnswer } from './transport.js'
import type { UconDbClient } from './ucondb-client.js'
import { parseJson, parseMetadata, toArchivedVersion, type VersionMetadata } from './version-metadata.js'

export interface HttpArchiveOptions {
  readonly folderName: string
  readonly objectName: string
  readonly timeoutMs: number
}

// Listing 20,000 versions takes a server seconds; asking for all of time makes it list those dated in the future, too.
const LIST_TIMEOUT_FACTOR = 6
const END_OF_TIME = '253402300799'

export class HttpArchive implements RunArchive {
  readonly location: string
  readonly #client: UconDbClient
  readonly #options: HttpArchiveOptions
  readonly #dataPath: string
  /** The names that may not stand in a path, because the server does not decode paths. */
  readonly #target: Readonly<Record<string, string>>
  readonly #place: Place
  // The server takes one body at a time anyway, and one that stalls holds up everybody.
  readonly #puts = new OneAtATime()
  readonly #underWay = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(client: UconDbClient, options: HttpArchiveOptions) {
    this.#client = client
    this.#options = options
    const { folderName: folder, objectName: object } = options
    const isPlain = /^[A-Za-z0-9_.]+$/.test(object)
    this.#dataPath = isPlain ? `/data/${folder}/${object}` : '/data'
    this.#target = isPlain ? {} : { folder, object }
    this.location = `${client.baseUrl}/data/${folder}/${object}`
    this.#place = { location: this.location, folderName: options.folderName }
  }

  put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    return this.#run(options, async () => {
      assertArchiveKey(key)
      assertArchiveBody(body)
      const bytes = new Uint8Array(body)
      const facts = { size: bytes.length, adler32: adler32(bytes) }
      const answer = await this.#puts.run(() => this.#send(key, bytes, facts, options), options.signal)
      return answer === 'stored' ? { outcome: 'stored', ...facts } : this.#settle(key, bytes, facts, options)
    })
  }

  get(key: string, options: ArchiveCallOptions = {}): Promise<Uint8Array> {
    return this.#run(options, async () => {
      assertArchiveKey(key)
      const found = await this.#download(key, options)
      if (found === undefined) throw new ArchiveNotFoundError(key, this.location)
      return found
    })
  }

  stat(key: string, options: ArchiveCallOptions = {}): Promise<ArchivedVersion | undefined> {
    return this.#run(options, async () => {
      assertArchiveKey(key)
      const metadata = await this.#metadata(key, options)
      return metadata === 'missing' ? undefined : toArchivedVersion(key, metadata)
    })
  }

  listKeys(options: ArchiveCallOptions = {}): Promise<string[]> {
    return this.#run(options, async () => {
      const keys = (await this.#versions(options)).flatMap(({ key }) => (key === null ? [] : [key]))
      return [...new Set(keys)].sort(inCodePointOrder)
    })
  }

  async listRuns(options: ArchiveCallOptions = {}): Promise<number[]> {
    return runNumbersOf(await this.listKeys(options))
  }

  check(options: ArchiveCallOptions = {}): Promise<ArchiveCheck> {
    return this.#run(options, () =>
      checkServer({
        client: this.#client,
        folderName: this.#options.folderName,
        versions: () => this.#versions(options),
        tryCredentials: (keys) => this.#puts.run(() => this.#tryCredentials(keys, options), options.signal),
        signal: options.signal,
      }),
    )
  }

  createFolder(options: ArchiveCallOptions = {}): Promise<void> {
    return this.#run(options, () => createServerFolder(this.#client, this.#place, options))
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#underWay).then(() => undefined)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Runs one call of the public interface, so that `close` can wait for it. */
  async #run<T>({ signal }: ArchiveCallOptions, work: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw new ArchiveClosedError(this.location)
    signal?.throwIfAborted()
    const running = work()
    this.#underWay.add(running)
    try {
      return await running
    } finally {
      this.#underWay.delete(running)
    }
  }

  #send(key: string, body: Uint8Array, facts: BodyFacts, { signal }: ArchiveCallOptions): Promise<'stored' | 'exists'> {
    const query = { ...this.#target, full_meta: 'yes', tag: key, key, override: 'no' }
    const call = {
      action: 'archive to',
      method: 'POST',
      path: this.#dataPath,
      query,
      body,
      authenticated: true,
      signal,
    } as const
    return this.#client.call(call, (answer, message) => {
      if (answer.status === 200) return this.#confirmStored(key, facts, answer)
      if (answer.status === 500 && /already exists/i.test(message) && message.includes(key)) return 'exists'
      throwIfHopeless(this.#place, call.action, answer, message)
      return undefined
    })
  }

  #confirmStored(key: string, facts: BodyFacts, answer: HttpAnswer): 'stored' | undefined {
    const stored = parseMetadata(parseJson(answer.body))
    // Cut or foreign: the next attempt finds out what the key holds.
    if (stored === undefined) return undefined
    if (stored.size === facts.size && stored.adler32 === facts.adler32 && stored.key === key) return 'stored'
    const asWhat = stored.key === key ? '' : ` under the key ${JSON.stringify(stored.key)}`
    throw new ArchiveDamagedError(
      key,
      this.location,
      `the server stored ${describeFacts(stored)}${asWhat} of ${describeFacts(facts)} it was sent`,
    )
  }

  async #settle(key: string, bytes: Uint8Array, offered: BodyFacts, options: PutOptions): Promise<PutResult> {
    const stored = await this.#download(key, options)
    if (stored === undefined) {
      const cause = new Error('the server says that the key exists and that it does not')
      throw new ArchiveUnavailableError('archive to', this.location, { cause, hint: "Look into the server's log" })
    }
    if (stored.length === 0) {
      throw new ArchiveDamagedError(
        key,
        this.location,
        'it has no bytes, as an upload in chunks or an empty probe leaves it',
      )
    }
    const facts = { size: stored.length, adler32: adler32(stored) }
    const same = Buffer.compare(stored, bytes) === 0
    if (same || options.equivalent?.(stored, bytes) === true) return { outcome: 'already-stored', ...facts }
    throw new ArchiveConflictError(key, this.location, { stored: facts, offered })
  }

  async #download(key: string, options: ArchiveCallOptions): Promise<Uint8Array | undefined> {
    const call = {
      action: 'read from',
      method: 'GET',
      path: this.#dataPath,
      query: { ...this.#target, key },
      signal: options.signal,
    } as const
    const judge = new DownloadJudge()
    let metadata: VersionMetadata | undefined
    const fetch = (): Promise<Uint8Array | { readonly damage: string } | 'missing' | 'unverified'> =>
      this.#client.call(call, (answer, message) => {
        if (answer.status !== 200) return absence(this.#place, call.action, answer, message)
        const promised = promisedFacts(answer) ?? metadata
        return promised === undefined ? 'unverified' : judge.judge(answer.body, promised)
      })
    let found = await fetch()
    if (found === 'unverified') {
      // A front end dropped the headers that tell size and checksum.
      const known = await this.#metadata(key, options)
      if (known === 'missing') return undefined
      metadata = known
      found = await fetch()
    }
    if (found === 'missing' || found === 'unverified') return undefined
    if ('damage' in found) throw new ArchiveDamagedError(key, this.location, found.damage)
    return found
  }

  #metadata(key: string, { signal }: ArchiveCallOptions): Promise<VersionMetadata | 'missing'> {
    const query = { ...this.#target, key, meta_only: 'yes' }
    const call = { action: 'look up in', method: 'GET', path: this.#dataPath, query, signal } as const
    return this.#client.call<VersionMetadata | 'missing'>(call, (answer, message) => {
      if (answer.status === 200) return parseMetadata(parseJson(answer.body))
      return absence(this.#place, call.action, answer, message)
    })
  }

  #versions({ signal }: ArchiveCallOptions): Promise<VersionMetadata[]> {
    const query = { folder: this.#options.folderName, object: this.#options.objectName, tv: END_OF_TIME }
    const timeoutMs = this.#options.timeoutMs * LIST_TIMEOUT_FACTOR
    const call = { action: 'list', method: 'GET', path: '/versions', query, signal, timeoutMs } as const
    return this.#client.call<VersionMetadata[]>(call, (answer, message) => {
      if (answer.status === 404 && /^object .* not found/i.test(message)) return []
      if (answer.status !== 200) throwIfHopeless(this.#place, call.action, answer, message)
      const list = answer.status === 200 ? parseJson(answer.body) : undefined
      const versions = Array.isArray(list) ? list.map(parseMetadata) : [undefined]
      return versions.every((version) => version !== undefined) ? versions : undefined
    })
  }

  /**
   * A put that UconDB refuses after it has checked the credentials and before it stores anything, because its validity time is not a number. Where a
   * key exists already, that is one more reason to refuse.
   */
  async #tryCredentials(keys: readonly string[], { signal }: ArchiveCallOptions): Promise<void> {
    const query = {
      ...this.#target,
      full_meta: 'yes',
      key: keys.find(isArchiveKey) ?? 'credentials-check',
      override: 'no',
      tv: 'credentials-check',
    }
    const call = {
      action: 'try the credentials at',
      method: 'POST',
      path: this.#dataPath,
      query,
      body: Buffer.from('credentials-check'),
      authenticated: true,
      signal,
    } as const
    await this.#client.call(call, (answer, message) => {
      if (answer.status === 500 && /\bfloat\b|already exists/i.test(message)) return 'accepted'
      if (answer.status === 200) {
        const cause = new Error('it stored a version whose validity time is no number')
        throw new ArchiveUnavailableError(call.action, this.location, { cause, hint: 'This server is not a UconDB' })
      }
      throwIfHopeless(this.#place, call.action, answer, message)
      return undefined
    })
  }
}
