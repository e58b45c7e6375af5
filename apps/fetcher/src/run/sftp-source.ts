import { join } from 'node:path'
import { openAppendFile, removeFile } from '@holdfast/atomic-file'
import { downloadFile, keepLease, type LeasedRequest, type SftpLocator, type SftpRequest } from '@holdfast/locators'
import type { SftpContent } from '../config/schema.js'
import type { HiddenErrors } from './hidden-errors.js'
import type { JobResult, JobSignals } from './job.js'
import { LocatorSource } from './locator-source.js'
import type { ResultStorage } from './result-storage.js'

export interface SftpSourceParts {
  readonly content: SftpContent
  readonly locator: SftpLocator
  readonly storage: ResultStorage
  readonly leaseSeconds: number
  readonly hidden: HiddenErrors
  /** The folder of partial files; no other process uses it meanwhile. */
  readonly partialFolder: string
  readonly onBytes: (bytes: number) => void
}

/** Files of an SFTP server. What is there of a file when the process dies is used by the next one. */
export class SftpSource extends LocatorSource<SftpRequest, LeasedRequest<SftpRequest>> {
  override readonly kind = 'sftp'
  readonly #parts: SftpSourceParts
  /** By request; a lease that ran out may bring a request back before the work on it has noticed. */
  readonly #active: Map<string, Promise<unknown>> = new Map()

  constructor(parts: SftpSourceParts) {
    super(parts.locator, parts.hidden)
    this.#parts = parts
  }

  override close(): Promise<void> {
    return this.#parts.locator.close()
  }

  protected override runRequest(leased: LeasedRequest<SftpRequest>, signals: JobSignals): Promise<JobResult> {
    return this.#inTurn(leased.request.id, () => this.#run(leased, signals))
  }

  async #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#active.get(id) ?? Promise.resolve()
    const turn = before.then(work, work)
    const settled = turn.then(
      () => undefined,
      () => undefined,
    )
    this.#active.set(id, settled)
    try {
      return await turn
    } finally {
      if (this.#active.get(id) === settled) this.#active.delete(id)
    }
  }

  async #run(leased: LeasedRequest<SftpRequest>, { stop, onStored }: JobSignals): Promise<JobResult> {
    const { locator, leaseSeconds, partialFolder } = this.#parts
    const { size, mtimeMs, id } = leased.request
    const path = join(partialFolder, `${id}.partial`)
    const result = await keepLease(locator, leased, leaseSeconds, stop, (signal) => this.#fetch(leased, path, signal))
    onStored()
    const { outcome, bytes, bundle } = result
    await locator.succeeded(leased, { size, mtimeMs, result: { outcome, bytes, bundle } })
    await removeFile(path)
    return result
  }

  async #fetch({ request }: LeasedRequest<SftpRequest>, path: string, signal: AbortSignal): Promise<JobResult> {
    const { locator, storage, content, onBytes } = this.#parts
    const startedMs = performance.now()
    const { downloaded, received } = await this.#download(request, path, signal, onBytes)
    const storedMs = performance.now()
    const { connection } = content
    const stored = await storage.storeFile(
      {
        locator: locator.prefix,
        requestId: request.id,
        url: sftpUrl(connection.host, connection.port, request.path),
        status: null,
        contentType: null,
        details: {
          size: downloaded.size,
          mtime: new Date(downloaded.mtimeMs).toISOString(),
          sha256: downloaded.sha256,
        },
        unpack: content.unpack,
      },
      path,
      signal,
    )
    return {
      outcome: 'stored',
      items: 1,
      bytes: received,
      bundle: stored.id,
      fetchSeconds: (storedMs - startedMs) / 1000,
      storeSeconds: (performance.now() - storedMs) / 1000,
    }
  }

  async #download(
    request: SftpRequest,
    path: string,
    signal: AbortSignal,
    onBytes: (bytes: number) => void,
  ): Promise<{ readonly downloaded: Awaited<ReturnType<typeof downloadFile>>; readonly received: number }> {
    await using partial = await openAppendFile(path)
    let seen: number | undefined
    const onProgress = (bytes: number): void => {
      if (seen !== undefined && bytes > seen) onBytes(bytes - seen)
      seen = bytes
    }
    const downloaded = await downloadFile(this.#parts.locator.pool, request, partial, { signal, onProgress })
    return { downloaded, received: downloaded.size - downloaded.resumedFrom }
  }
}

function sftpUrl(host: string, port: number, path: string): string {
  const place = port === 22 ? host : `${host}:${port}`
  return `sftp://${place}/${path
    .replace(/^\//, '%2F')
    .split('/')
    .map(encodeURIComponent)
    .join('/')
    .replace(/^%252F/, '%2F')}`
}
