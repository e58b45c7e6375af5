/** From TypeScript, in this process. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { planFetcher, type RunEvent, runFetcher } from '@holdfast/fetcher'
import { useTempDir } from '@holdfast/testkit'
import { startSireneServer } from '@holdfast/testkit/sirene-server'
import { describe, expect, test } from 'vitest'
import { apiConfig, KEY, sirensIn, writeConfig } from '../support.js'

const dir = useTempDir()
const deps = (): { env: Record<string, string>; currentDir: string } => ({
  env: { OC_CREDENTIAL_FR_API_API_KEY: KEY },
  currentDir: dir(),
})

describe('runFetcher()', () => {
  test('fetches all, tells of it, and leaves nothing for a second run', async () => {
    await using server = await startSireneServer({ apiKey: KEY })
    writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin }))
    const events: RunEvent['type'][] = []
    const onEvent = ({ type }: RunEvent): void => void events.push(type)
    const result = await runFetcher('fr-api', { concurrency: 2, onEvent }, deps())
    expect(result).toMatchObject({ ok: true, end: 'finished', counts: { pages: 12, items: 20 } })
    expect(events).toEqual(Array.from({ length: 12 }, () => 'stored'))
    const days = ['2025-03-01', '2025-03-02', '2025-03-03', '2025-03-04']
    expect(sirensIn(dir()).toSorted()).toEqual(days.flatMap((day) => server.companies(day)).toSorted())
    expect(await runFetcher('fr-api', {}, deps())).toMatchObject({ ok: true, counts: { requests: 0 } })
  })

  test('two at once in one process share the work', async () => {
    await using server = await startSireneServer({ apiKey: KEY, delayMs: 5 })
    writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin }))
    const results = await Promise.all([runFetcher('fr-api', {}, deps()), runFetcher('fr-api', {}, deps())])
    expect(results.reduce((sum, { counts }) => sum + counts.pages, 0)).toBe(12)
    expect(server.received).toHaveLength(12)
  })

  test('a signal drains it, and what is left is told', async () => {
    await using server = await startSireneServer({ apiKey: KEY })
    writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin }))
    const drain = new AbortController()
    const onEvent = (): void => drain.abort()
    const result = await runFetcher('fr-api', { concurrency: 1, signal: drain.signal, onEvent }, deps())
    expect(result).toMatchObject({ end: 'drained', left: [{ leased: 0 }] })
    expect((await runFetcher('fr-api', {}, deps())).counts.pages + result.counts.pages).toBe(12)
  })

  test('planFetcher() writes nothing', async () => {
    writeConfig(dir(), 'fr-api', apiConfig({ origin: 'http://127.0.0.1:9' }))
    expect(await planFetcher('fr-api', { limit: 2 }, deps())).toMatchObject({ requests: [{}, {}], more: true })
    expect([existsSync(join(dir(), '.fetcher')), existsSync(join(dir(), 'fetched'))]).toEqual([false, false])
  })
})
