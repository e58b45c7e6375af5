/**
 * A server that answers as UconDB 3.9.7 behind its own web server does, its oddities included: digest authentication, mistakes as status 500 with an
 * HTML page, bodies that end when the connection closes, a chunked upload that stores nothing. Faults can be ordered for the next requests.
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { zlibAdler32 } from './plain-adler32.ts'

export type Fault =
  | 'stall'
  | 'stall-in-body'
  | 'cut-body'
  | 'lose-answer'
  | 'keep-answer'
  | 'wrong-key'
  | 'echo'
  | 'busy'
  | 'overload'
  | 'crash'
  | 'race'
  | 'wrong-checksum'
  | 'store-nothing'
  | 'not-json'
  | 'redirect'
  | 'drop-headers'

export interface FakeServerOptions {
  /** @default writer with the password "s3cret, really" */
  readonly users?: Readonly<Record<string, string>>
  /** Users of single realms (`ucon.runs` for puts, `runs` for making the folder), before `users`. */
  readonly usersOfRealm?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** `none`: everybody may write. @default 'digest' */
  readonly authentication?: 'digest' | 'none'
  readonly readOnly?: boolean
  /** Folders that exist. @default runs */
  readonly folders?: readonly string[]
  /** @default 'OK' */
  readonly probe?: string
  readonly tls?: { readonly key: string; readonly cert: string }
}

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly bodyBytes: number
  readonly status: number
}

interface Version {
  readonly id: number
  readonly object: string
  readonly key: string | null
  readonly tags: readonly string[]
  readonly body: Buffer
  readonly tr: number
}

export const PASSWORD = 's3cret, really'

export class FakeUconDbServer implements AsyncDisposable {
  readonly requests: SeenRequest[] = []
  readonly #options: FakeServerOptions
  readonly #folders: Map<string, Version[]>
  readonly #faults: { fault: Fault; path: string; times: number }[] = []
  readonly #server: Server
  #nonce = 1_795_219_013
  #isBusyWithPut = false

  private constructor(options: FakeServerOptions) {
    this.#options = options
    this.#folders = new Map((options.folders ?? ['runs']).map((folder) => [folder, []]))
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => void this.#answer(request, response)
    this.#server = options.tls === undefined ? createServer(onRequest) : createTlsServer({ ...options.tls }, onRequest)
    this.#server.keepAliveTimeout = 1
  }

  static async start(options: FakeServerOptions = {}, port = 0): Promise<FakeUconDbServer> {
    const server = new FakeUconDbServer(options)
    await new Promise<void>((resolve) => server.#server.listen(port, '127.0.0.1', resolve))
    return server
  }

  /** With a path before the endpoints, as in production. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `${this.#options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/instance/app`
  }

  /** Orders a fault for the next requests to an endpoint (`data`, `versions`, …, or `put` for uploads). */
  fail(fault: Fault, path: string, times = 1): void {
    this.#faults.push({ fault, path, times })
  }

  /** Credentials given from now on get another nonce. */
  renewNonce(): void {
    this.#nonce += 1
  }

  store(folder: string, object: string, key: string | null, body: string | Uint8Array): void {
    this.#versions(folder).push(this.#newVersion(object, key, Buffer.from(body as string)))
  }

  keys(folder = 'runs'): (string | null)[] {
    return this.#versions(folder).map(({ key }) => key)
  }

  body(key: string, folder = 'runs'): Buffer | undefined {
    return this.#versions(folder).find((version) => version.key === key)?.body
  }

  /** Whether a put has arrived at the fault that will keep it. */
  isBusyWithPut(): boolean {
    return this.#isBusyWithPut
  }

  puts(): SeenRequest[] {
    return this.requests.filter(({ method, url }) => method === 'POST' && url.includes('/data'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [
      ,
      ,
      ,
      endpoint = '',
      folder = url.searchParams.get('folder') ?? '',
      object = url.searchParams.get('object') ?? '',
    ] = url.pathname.split('/')
    const method = request.method ?? 'GET'
    const fault = this.#takeFault(method === 'POST' && endpoint === 'data' ? ['put', 'data'] : [endpoint])
    response.on('close', () => this.#log(request, response, body))
    let body: Buffer = Buffer.alloc(0)
    if (fault === 'stall') {
      this.#isBusyWithPut = method === 'POST'
      return
    }
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    // The web server in front ignores a chunked body.
    body =
      request.headers['transfer-encoding'] === undefined && fault !== 'store-nothing'
        ? Buffer.concat(chunks)
        : Buffer.alloc(0)
    if (fault === 'overload') {
      response.socket?.end('HTTP/1.1 503 Service unavailable\n\n')
      return
    }
    if (fault === 'busy') return plain(response, 429, 'Too many requests')
    if (fault === 'echo' && request.headers.authorization !== undefined) {
      return plain(response, 400, `Header too large: Authorization: ${request.headers.authorization}`)
    }
    if (fault === 'crash') return page(response, 'server closed the connection unexpectedly')
    if (fault === 'not-json') return plain(response, 200, '{"object": "configuration", "folder": "ucon.ru')
    if (fault === 'redirect') {
      response.writeHead(302, { location: 'http://127.0.0.1:9/elsewhere', connection: 'close' }).end()
      return
    }
    const query = url.searchParams
    if (endpoint === 'version') return plain(response, 200, '3.9.7')
    if (endpoint === 'probe') return plain(response, 200, this.#options.probe ?? 'OK')
    if (endpoint === 'create_folder') return this.#createFolder(request, response, query.get('folder') ?? '')
    if (endpoint === 'objects') return this.#listObjects(response, query.get('folder') ?? '')
    if (endpoint === 'versions')
      return this.#listVersions(response, query.get('folder') ?? '', query.get('object') ?? '')
    if (endpoint !== 'data') return plain(response, 404, 'Not found')
    if (method === 'GET')
      return this.#get(
        response,
        { folder, object, key: query.get('key'), metaOnly: query.get('meta_only') === 'yes' },
        fault,
      )
    this.#put(
      request,
      response,
      { folder, object, key: query.get('key'), tags: query.getAll('tag'), tv: query.get('tv') },
      body,
      fault,
    )
  }

  #put(
    request: IncomingMessage,
    response: ServerResponse,
    target: { folder: string; object: string; key: string | null; tags: string[]; tv: string | null },
    body: Buffer,
    fault: Fault | undefined,
  ): unknown {
    if (this.#options.readOnly === true) return plain(response, 405, 'Read-only instance')
    const versions = this.#folders.get(target.folder)
    if (versions === undefined) return plain(response, 404, 'Folder not found')
    if (!this.#isAuthorized(request, response, `ucon.${target.folder}`)) return
    if (target.tv !== null && Number.isNaN(Number(target.tv))) {
      return page(response, `could not convert string to float: '${target.tv}'`)
    }
    if (fault === 'race') {
      versions.push(this.#newVersion(target.object, target.key, body))
      const detail = `DETAIL:  Key (object, key)=(${target.object}, ${target.key}) already exists.`
      return page(
        response,
        `duplicate key value violates unique constraint "${target.folder}_object_key_inx"\n${detail}`,
      )
    }
    if (
      target.key !== null &&
      versions.some((version) => version.object === target.object && version.key === target.key)
    ) {
      return page(response, `Version of object ${target.object} with key ${target.key} already exists`)
    }
    const version = this.#newVersion(target.object, target.key, body, target.tags)
    versions.push(version)
    if (fault === 'lose-answer') {
      response.socket?.destroy()
      return
    }
    if (fault === 'keep-answer') {
      this.#isBusyWithPut = true
      return
    }
    const metadata = this.#metadata(target.folder, fault === 'wrong-key' ? { ...version, key: null } : version)
    json(response, fault === 'wrong-checksum' ? { ...metadata, adler32: 1 } : metadata)
  }

  #get(
    response: ServerResponse,
    target: { folder: string; object: string; key: string | null; metaOnly: boolean },
    fault: Fault | undefined,
  ): unknown {
    const versions = this.#folders.get(target.folder)
    if (versions === undefined) return page(response, "'NoneType' object has no attribute 'getObject'")
    const ofObject = versions.filter(({ object }) => object === target.object)
    if (ofObject.length === 0) return page(response, "'NoneType' object has no attribute 'getVersion'")
    const version = ofObject.find(({ key }) => key === target.key)
    if (version === undefined) return plain(response, 404, 'Version not found')
    const metadata = this.#metadata(target.folder, version)
    if (target.metaOnly) return json(response, metadata)
    const described = {
      'X-UConDB-version-id': version.id,
      'X-UConDB-data-size': metadata.data_size,
      'X-UConDB-adler32': fault === 'wrong-checksum' ? 1 : metadata.adler32,
    }
    // No length and no chunks: the body ends with the connection.
    response.useChunkedEncodingByDefault = false
    response.writeHead(200, {
      'Content-Type': 'application/octet-stream',
      ...(fault === 'drop-headers' ? {} : described),
      Connection: 'close',
    })
    if (fault === 'cut-body' || fault === 'stall-in-body') {
      response.write(version.body.subarray(0, Math.floor(version.body.length / 2)), () => {
        if (fault === 'cut-body') response.socket?.end()
      })
      return
    }
    response.end(version.body)
  }

  #listVersions(response: ServerResponse, folder: string, object: string): unknown {
    const versions = this.#folders.get(folder)
    if (versions === undefined) return plain(response, 404, `Folder ${folder} not found`)
    const ofObject = versions.filter((version) => version.object === object)
    if (ofObject.length === 0) return plain(response, 404, `Object ${object} not found`)
    response.useChunkedEncodingByDefault = false
    response.writeHead(200, { 'Content-Type': 'text/json; charset=UTF-8', Connection: 'close' })
    response.end(JSON.stringify(ofObject.toReversed().map((version) => this.#metadata(folder, version))))
  }

  #listObjects(response: ServerResponse, folder: string): unknown {
    const versions = this.#folders.get(folder)
    if (versions === undefined) return page(response, "'NoneType' object has no attribute 'listObjects'")
    json(response, [...new Set(versions.map(({ object }) => object))].sort())
  }

  #createFolder(request: IncomingMessage, response: ServerResponse, folder: string): unknown {
    if (this.#options.readOnly === true) return plain(response, 405, 'Read-only instance')
    if (!this.#isAuthorized(request, response, folder)) return
    if (!this.#folders.has(folder)) this.#folders.set(folder, [])
    plain(response, 200, 'OK')
  }

  #isAuthorized(request: IncomingMessage, response: ServerResponse, realm: string): boolean {
    if (this.#options.authentication === 'none') return true
    const { authorization } = request.headers
    const nonce = `b'${Buffer.from(String(this.#nonce)).toString('base64')}'`
    if (authorization === undefined || !/^digest /i.test(authorization)) {
      const challenge = `Digest realm="${realm}", nonce="${nonce}", algorithm=MD5, qop="auth"`
      plain(response, 401, 'Authorization required', { 'WWW-Authenticate': challenge })
      return false
    }
    // As the original: split at every comma, also inside quotes.
    const fields = new Map(
      authorization
        .slice(7)
        .split(',')
        .map((part) => {
          const [name = '', ...rest] = part.trim().split('=')
          return [name, rest.join('=').replace(/^"|"$/g, '')]
        }),
    )
    const missing = ['username', 'uri', 'qop', 'nc', 'cnonce', 'nonce', 'response'].find((name) => !fields.has(name))
    if (missing !== undefined) {
      page(response, `'${missing}'`)
      return false
    }
    const users = this.#options.usersOfRealm?.[realm] ?? this.#options.users ?? { writer: PASSWORD }
    const password = users[fields.get('username') ?? '']
    const secret = md5(`${fields.get('username')}:${realm}:${password}`)
    const what = md5(`${request.method}:${fields.get('uri')}`)
    const parts = [secret, fields.get('nonce'), fields.get('nc'), fields.get('cnonce'), 'auth', what]
    const isRight = password !== undefined && md5(parts.join(':')) === fields.get('response')
    const isStale = fields.get('nonce') !== nonce && this.#nonce !== 1_795_219_013
    if (isRight && isStale) {
      plain(response, 401, 'Authorization required', {
        'WWW-Authenticate': `Digest realm="${realm}", nonce="${nonce}", algorithm=MD5, qop="auth"`,
      })
    } else if (!isRight) plain(response, 401, 'Authorization required')
    return isRight && !isStale
  }

  #takeFault(paths: readonly string[]): Fault | undefined {
    const ordered = this.#faults.find(({ path, times }) => times > 0 && paths.includes(path))
    if (ordered !== undefined) ordered.times -= 1
    return ordered?.fault
  }

  #versions(folder: string): Version[] {
    const versions = this.#folders.get(folder)
    if (versions === undefined) throw new Error(`The test server has no folder '${folder}'`)
    return versions
  }

  #newVersion(object: string, key: string | null, body: Buffer, tags: readonly string[] = []): Version {
    return { id: this.requests.length + 1, object, key, tags, body, tr: Date.now() / 1000 }
  }

  #metadata(folder: string, { object, key, tags, body, tr, id }: Version) {
    const sum = zlibAdler32(body)
    return {
      object,
      folder: `ucon.${folder}`,
      tv: 0,
      tr,
      tags,
      adler32: sum,
      uadler32: sum,
      data_size: body.length,
      data_key: '1',
      id,
      key,
    }
  }

  #log(
    { method = '', url = '', headers }: IncomingMessage,
    { statusCode: status }: ServerResponse,
    body: Buffer,
  ): void {
    this.requests.push({ method, url, headers, bodyBytes: body.length, status })
  }
}

function plain(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): ServerResponse {
  const fixed = {
    'Content-Type': 'text/html; charset=UTF-8',
    'Content-Length': Buffer.byteLength(text),
    Connection: 'close',
  }
  return response.writeHead(status, { ...fixed, ...headers }).end(text)
}

function json(response: ServerResponse, value: unknown): ServerResponse {
  return plain(response, 200, JSON.stringify(value), { 'Content-Type': 'text/json; charset=UTF-8' })
}

/** What an exception in the application becomes. */
function page(response: ServerResponse, message: string): ServerResponse {
  response.statusMessage = 'Application Error'
  const escaped = message.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')
  return plain(
    response,
    500,
    `<html><body><h2>Application error</h2>\n<h3>${escaped}</h3>\n<pre>Traceback (most recent call last): key 12345</pre></body></html>`,
  )
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
