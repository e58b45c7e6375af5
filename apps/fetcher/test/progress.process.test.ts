/** The whole program in this process, with streams that say they are a terminal. */
import { PassThrough } from 'node:stream'
import { run } from '@holdfast/fetcher'
import { useTempDir } from '@holdfast/testkit'
import { sireneFaults, startSireneServer } from '@holdfast/testkit/sirene-server'
import { expect, test } from 'vitest'
import { apiConfig, KEY, writeConfig } from './support.js'

const dir = useTempDir()

test.each([{ isTTY: true }, { isTTY: false }])(
  'the line of progress says pages, items, rate, bytes, failures and an estimated end, on a terminal only (isTTY $isTTY)',
  { timeout: 60_000 },
  async ({ isTTY }) => {
    const fault = ({ number }: { readonly number: number }): ReturnType<typeof sireneFaults.cut> | undefined =>
      number === 2 ? sireneFaults.status(503) : undefined
    await using server = await startSireneServer({ apiKey: KEY, delayMs: 250, fault })
    writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin, end: '2025-03-05', top: ['concurrency: 1'] }))
    const [stdout, stderr] = [Object.assign(new PassThrough(), { isTTY }), Object.assign(new PassThrough(), { isTTY })]
    let told = ''
    stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text
    })
    let result = ''
    stdout.setEncoding('utf8').on('data', (text: string) => {
      result += text
    })
    const code = await run({
      argv: ['node', 'fetcher', 'run', 'fr-api'],
      env: { OC_CREDENTIAL_FR_API_API_KEY: KEY },
      stdin: process.stdin,
      stdout: Object.assign(stdout, { columns: 200 }),
      stderr: Object.assign(stderr, { columns: 200 }),
      cwd: dir,
      exit: () => undefined,
      on: () => undefined,
      off: () => undefined,
    })
    expect({ code, result }).toEqual({ code: 0, result: expect.stringContaining('15 pages, 25 items') })
    if (!isTTY) expect(told).toBe('')
    else {
      expect(told).toMatch(/fr-api: \d+ pages, \d+ items, [\d.]+ pages\/s, [\d.]+ kB, 1 failed, about [\d.]+ s left/)
      expect(told.endsWith('\r\u001b[K')).toBe(true)
    }
  },
)
