import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ArchiveSettings } from './torture-site.ts'

const SERVER = fileURLToPath(new URL('../../../packages/ucondb/test/support/serve-ucondb.ts', import.meta.url))

/** A UconDB server of its own with an empty folder; it ends when it is disposed of. */
export async function serveUconDb(): Promise<ArchiveSettings & AsyncDisposable> {
  const child = spawn(process.execPath, [SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const [line]: unknown[] = await Promise.race([once(createInterface(child.stdout), 'line'), ended])
  if (typeof line !== 'string') throw new Error('The UconDB server of the tests did not start')
  const settings: ArchiveSettings = JSON.parse(line)
  return {
    ...settings,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
