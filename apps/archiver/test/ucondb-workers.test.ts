import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { proxyUconDb, type SeenRequest } from './support/proxy-ucondb.js'
import { runArchiver } from './support/run-archiver.js'
import { serveUconDb } from './support/serve-ucondb.js'
import { makeSite } from './support/site.js'

const dir = useTempDir()

describe('archiver with a slow UconDB server', () => {
  test.each([2, 4])('%i workers keep as many requests in flight, of which never two are puts', async (workers) => {
    const { promise: allBusy, resolve } = Promise.withResolvers<void>()
    const mostPuts = { atOnce: 0 }
    const server = await archiving(workers, async (seen, inFlight) => {
      mostPuts.atOnce = Math.max(mostPuts.atOnce, countOf('put', inFlight))
      if (inFlight.length === workers) resolve()
      // What was stored is not read back before every worker has a request under way: one that waits for another's answer would wait for ever.
      if (seen.kind === 'get') await allBusy
    })
    expect(server.code).toBe(0)
    expect(server.stdout).toContain('Migration: 8 runs archived (1-8), 0 failed')
    expect(mostPuts.atOnce).toBe(1)
  })

  test('the next run is put while one is read back', async () => {
    const { promise: besidePut, resolve } = Promise.withResolvers<void>()
    const server = await archiving(2, async (seen, inFlight) => {
      if (countOf('put', inFlight) > 0 && countOf('get', inFlight) > 0) resolve()
      // A put that waited for the answer to this would wait for ever.
      if (seen.kind === 'get') await besidePut
    })
    expect(server.code).toBe(0)
  })
})

async function archiving(workers: number, beforeAnswer: Parameters<typeof proxyUconDb>[1]) {
  const { serverUrl, writer } = await serveUconDb()
  const site = makeSite(dir())
  site.addRuns([1, 2, 3, 4, 5, 6, 7, 8])
  site.configure({ run_process_retries: 0, parallel_workers: workers }, '', {
    server_url: await proxyUconDb(serverUrl, beforeAnswer),
    writer_user: writer.user,
    writer_password: `'${writer.password}'`,
  })
  return runArchiver([site.configPath])
}

function countOf(kind: SeenRequest['kind'], requests: readonly SeenRequest[]): number {
  return requests.filter((request) => request.kind === kind).length
}
