import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { BundleStoreError } from '../errors.js'

export interface S3Object {
  readonly key: string
  readonly modifiedAtMs: number
}

const DELETED_AT_ONCE = 8

/** The calls of S3 that bundles need, with errors that say which object they are about. */
export class S3Bucket {
  readonly #client: S3Client
  readonly #bucket: string

  constructor(client: S3Client, bucket: string) {
    this.#client = client
    this.#bucket = bucket
  }

  locationOf(key: string): string {
    return `s3://${this.#bucket}/${key}`
  }

  async put(key: string, body: Uint8Array | string, contentType?: string, signal?: AbortSignal): Promise<void> {
    const input = { ...this.#at(key), Body: body, ...typed(contentType) }
    await this.#about('write', key, () => this.#client.send(new PutObjectCommand(input), options(signal)))
  }

  async tryGetText(key: string): Promise<string | undefined> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand(this.#at(key)))
      return (await Body?.transformToString('utf-8')) ?? ''
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw new BundleStoreError('read', this.locationOf(key), error)
    }
  }

  /** An object in parts, which appears when it is finished. */
  async beginUpload(key: string, contentType?: string, signal?: AbortSignal): Promise<S3Upload> {
    const input = { ...this.#at(key), ...typed(contentType) }
    const send = (): Promise<{ UploadId?: string | undefined }> =>
      this.#client.send(new CreateMultipartUploadCommand(input), options(signal))
    const { UploadId } = await this.#about('write', key, send)
    const upload = { ...this.#at(key), UploadId }
    const parts: { readonly PartNumber: number; readonly ETag: string | undefined }[] = []
    return {
      addPart: async (body) => {
        const PartNumber = parts.length + 1
        const command = new UploadPartCommand({ ...upload, PartNumber, Body: body })
        const { ETag } = await this.#about('write', key, () => this.#client.send(command, options(signal)))
        parts.push({ PartNumber, ETag })
      },
      finish: async () => {
        const command = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } })
        await this.#about('write', key, () => this.#client.send(command, options(signal)))
      },
      abort: async () => {
        await this.#client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined)
      },
    }
  }

  /** In the order of their keys. */
  async *list(prefix: string): AsyncGenerator<S3Object> {
    let token: string | undefined
    do {
      const input = {
        Bucket: this.#bucket,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }
      const page = await this.#about('list', prefix, () => this.#client.send(new ListObjectsV2Command(input)))
      for (const { Key, LastModified } of page.Contents ?? [])
        if (Key !== undefined) yield { key: Key, modifiedAtMs: LastModified?.getTime() ?? 0 }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  /** Removes all objects below a prefix. How many. */
  async removeAll(prefix: string): Promise<number> {
    let removed = 0
    let keys: string[] = []
    const remove = async (): Promise<void> => {
      await Promise.all(keys.map((key) => this.remove(key)))
      removed += keys.length
      keys = []
    }
    for await (const { key } of this.list(prefix)) if (keys.push(key) === DELETED_AT_ONCE) await remove()
    await remove()
    return removed
  }

  async remove(key: string): Promise<void> {
    await this.#about('remove', key, () => this.#client.send(new DeleteObjectCommand(this.#at(key))))
  }

  close(): void {
    this.#client.destroy()
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: key }
  }

  async #about<T>(action: string, key: string, send: () => Promise<T>): Promise<T> {
    try {
      return await send()
    } catch (error) {
      throw new BundleStoreError(action, this.locationOf(key), error)
    }
  }
}

export interface S3Upload {
  addPart(body: Uint8Array): Promise<void>
  finish(): Promise<void>
  /** Never rejects; what stays goes by a rule of the bucket. */
  abort(): Promise<void>
}

function typed(contentType: string | undefined): { readonly ContentType?: string } {
  return contentType === undefined ? {} : { ContentType: contentType }
}

function options(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NoSuchKey' || error.name === 'NotFound')
}
