import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
// @ts-expect-error: it comes without types
import S3rver from '@20minutes/s3rver'
import type { S3BundleStoreOptions } from '@holdfast/fetcher'
import { onTestFinished } from 'vitest'

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

export interface S3Server {
  readonly options: S3BundleStoreOptions
  /** `METHOD key?query` of each request, in order. */
  readonly requests: string[]
  /** Called before each request is answered; `true`: it was taken care of. */
  intercept: ((request: IncomingMessage, response: ServerResponse, line: string) => boolean) | undefined
}

const BUCKET = 'bundles'

/** A server that keeps a bucket in a folder, until the test ends. */
export async function startS3Server(directory: string): Promise<S3Server> {
  // Its check of signatures does not know the slash that current clients sign behind the name of a bucket.
  const allowMismatchedSignatures = true
  const s3 = new S3rver({ directory, silent: true, allowMismatchedSignatures, configureBuckets: [{ name: BUCKET }] })
  await s3.configureBuckets()
  const handle: Handler = s3.callback()
  const server = createServer((request, response) => {
    const line = `${request.method} ${decodeURIComponent(request.url ?? '').replace(`/${BUCKET}/`, '')}`
    state.requests.push(line)
    if (state.intercept?.(request, response, line) !== true) handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const state: S3Server = {
    requests: [],
    intercept: undefined,
    options: {
      bucket: BUCKET,
      prefix: 'raw',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    },
  }
  return state
}

/** Answers as S3 does when it refuses for good. */
export function refuse(response: ServerResponse): true {
  response.writeHead(403, { 'content-type': 'application/xml' })
  response.end('<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>not today</Message></Error>')
  return true
}
