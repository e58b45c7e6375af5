import { startServerProcess } from '@holdfast/testkit/server-process'
import type { ArchiveSettings } from './torture-site.ts'

/** The UconDB server of the tests with an empty folder; it ends when it is disposed of. */
export async function serveUconDb(): Promise<ArchiveSettings & AsyncDisposable> {
  const server = await startServerProcess(
    new URL('test/support/serve-ucondb.ts', import.meta.resolve('@holdfast/ucondb/package.json')),
  )
  return { ...(server.address as ArchiveSettings), [Symbol.asyncDispose]: server.stop }
}
