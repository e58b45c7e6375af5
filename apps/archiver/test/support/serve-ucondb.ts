import { once } from 'node:events'
import { createServer } from 'node:net'
import { startServerProcess } from '@holdfast/testkit/server-process'
import { onTestFinished } from 'vitest'

export interface UconDbAddress {
  readonly serverUrl: string
  readonly writer: { readonly user: string; readonly password: string }
}

/** The test server of @holdfast/ucondb in a process of its own, with the empty folder `runs`; it ends with the test. */
export async function serveUconDb(): Promise<UconDbAddress & { stop(): Promise<void> }> {
  const script = new URL('test/support/serve-ucondb.ts', import.meta.resolve('@holdfast/ucondb/package.json'))
  const { address, stop } = await startServerProcess(script)
  onTestFinished(stop)
  return { ...(address as UconDbAddress), stop }
}

/** The address of a server that takes connections and never answers. */
export async function serveSilence(): Promise<string> {
  const server = createServer(() => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/app`
}
