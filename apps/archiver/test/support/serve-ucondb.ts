import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const SERVER = fileURLToPath(new URL('../../../../packages/ucondb/test/support/serve-ucondb.ts', import.meta.url))

export interface UconDbAddress {
  readonly serverUrl: string
  readonly writer: { readonly user: string; readonly password: string }
}

/** The test server of @holdfast/ucondb in a process of its own, with the empty folder `runs`; it ends with the test. */
export async function serveUconDb(): Promise<UconDbAddress & { stop(): Promise<void> }> {
  const child = spawn(process.execPath, [SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  onTestFinished(stop)
  const [line] = await once(createInterface(child.stdout), 'line')
  return { ...(JSON.parse(String(line)) as UconDbAddress), stop }
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
