/** The real command against OpenSSH's sshd, with made-up records of the length that Florida's have. */
import { mkdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { type SftpServer, startSftpServer } from '@holdfast/testkit/sftp-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { zipOf } from './bundles/unpack/archives.js'
import { bundlesIn, fetcher, filesBelow, start, writeConfig } from './support.js'

const dir = useTempDir()
let server: SftpServer
let count = 0

beforeAll(async () => {
  server = await startSftpServer()
}, 60_000)
afterAll(() => server.stop())

function record(number: number): string {
  return `L${String(number).padStart(11, '0')}${`SYNTHETIC COMPANY ${number} LLC`.padEnd(192)}AFLAL`
    .padEnd(1440)
    .concat('\n')
}

function put(folder: string, name: string, text: string, encoding: BufferEncoding = 'utf8'): string {
  const path = join(server.root, folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, encoding)
  const mtime = new Date('2026-01-01T00:00:00Z')
  utimesSync(path, mtime, mtime)
  return path
}

function useFolder(
  more: { readonly connection?: string; readonly locator?: readonly string[]; readonly top?: readonly string[] } = {},
): string {
  count += 1
  const folder = `doc${count}/cor`
  mkdirSync(join(server.root, folder), { recursive: true })
  writeFileSync(join(dir(), 'key'), server.privateKey, { mode: 0o600 })
  const { host, port, username, hostKey } = server
  writeConfig(
    dir(),
    'us-fl',
    [
      ...(more.top ?? []),
      'locators:',
      '  - type: sftp',
      '    prefix: us_fl_daily_provider',
      '    connection:',
      `      { host: ${host}, port: ${port}, username: ${username}, connect_attempts: 1, auth: { type: key, key_file: key }, ${more.connection ?? `host_keys: ["${hostKey.fingerprint}"]`} }`,
      `    sources: [{ directory: ${folder}, patterns: ["*c.txt"], dates: {} }]`,
      '    stable_for_seconds: 0',
      '    base_delay_seconds: 0.02',
      ...(more.locator ?? []).map((line) => `    ${line}`),
      '',
    ].join('\n'),
  )
  return folder
}

describe('fetcher run of SFTP', { timeout: 60_000 }, () => {
  test('fetches each file once, and one that was changed again', async () => {
    const folder = useFolder()
    const texts = [1, 2, 3].map((n) => record(n).repeat(n * 20))
    for (const [n, text] of texts.entries()) put(folder, `2025082${n}c.txt`, text)
    put(folder, 'readme.txt', 'not wanted')
    const first = await fetcher({ cwd: dir() }, 'run', 'us-fl', '--json')
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(first.stdout)).toMatchObject({ ok: true, counts: { pages: 3, bundles: 3 } })
    expect(bundlesIn(dir()).map(String).toSorted()).toEqual(texts.toSorted())
    expect(JSON.parse((await fetcher({ cwd: dir() }, 'run', 'us-fl', '--json')).stdout)).toMatchObject({
      counts: { requests: 0 },
    })
    put(folder, '20250821c.txt', record(9))
    expect(JSON.parse((await fetcher({ cwd: dir() }, 'run', 'us-fl', '--json')).stdout)).toMatchObject({
      counts: { pages: 1 },
    })
    expect(bundlesIn(dir()).map(String)).toContain(record(9))
  })

  test('us-fl as it comes fetches the daily files, newest first, then what is in the quarterly archive, and that again when it is another one', async () => {
    const shipped = readFileSync(new URL('../configs/us-fl.yaml', import.meta.url), 'utf8')
    const { host, port, username, hostKey } = server
    const login = `host: ${host}\n      port: ${port}\n      username: ${username}\n      auth: { type: key, key_file: key }\n      host_keys: ["${hostKey.fingerprint}"]`
    writeFileSync(join(dir(), 'key'), server.privateKey, { mode: 0o600 })
    writeConfig(dir(), 'us-fl', shipped.replace(/host: .*/, login))
    const run = async (): Promise<{ counts: { pages: number }; ok: boolean }> => {
      const { code, stdout, stderr } = await fetcher({ cwd: dir() }, 'run', 'us-fl', '--concurrency', '1', '--json')
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return JSON.parse(stdout)
    }
    const days = ['20250829', '20250913', '20250915']
    for (const day of days) put('doc/cor', `${day}c.txt`, record(Number(day)))
    for (const name of ['20250915n.txt', 'readme.txt', '2025091c.txt']) put('doc/cor', name, 'not wanted')
    const plan = await fetcher({ cwd: dir() }, 'run', 'us-fl', '--dry-run', '--json')
    expect(JSON.parse(plan.stdout)).toMatchObject({
      requests: days.toReversed().map((day) => ({ name: `doc/cor/${day}c.txt` })),
    })
    // There is no archive yet, which is no failure.
    expect(await run()).toMatchObject({ ok: true, counts: { pages: 3 } })
    const parts = ['cordata0.txt', 'cordata1.txt'].map((name, n) => ({ name, content: record(n) }))
    put('doc/Quarterly/Cor', 'cordata.zip', (await zipOf(parts)).toString('latin1'), 'latin1')
    expect(await run()).toMatchObject({ ok: true, counts: { pages: 1 } })
    const stored = bundlesIn(dir()).map(String)
    expect(stored.toSorted()).toEqual([0, 1, ...days].map((number) => record(Number(number))).toSorted())
    expect(await run()).toMatchObject({ counts: { pages: 0 } })
    const next = await zipOf([{ name: 'cordata0.txt', content: record(77).repeat(2) }])
    put('doc/Quarterly/Cor', 'cordata.zip', next.toString('latin1'), 'latin1')
    expect(await run()).toMatchObject({ counts: { pages: 1 } })
    expect(bundlesIn(dir()).map(String)).toContain(record(77).repeat(2))
  })

  test('--since and --until go by the dates in the names', async () => {
    const folder = useFolder()
    for (const day of ['20250901', '20250902', '20250903']) put(folder, `${day}c.txt`, record(Number(day)))
    const { stdout } = await fetcher(
      { cwd: dir() },
      'run',
      'us-fl',
      '--since',
      '2025-09-02',
      '--until',
      '2025-09-02',
      '--json',
    )
    expect(JSON.parse(stdout)).toMatchObject({ counts: { pages: 1 } })
    expect(bundlesIn(dir()).map(String)).toEqual([record(20_250_902)])
  })

  test('--dry-run lists what would be fetched and writes nothing', async () => {
    const folder = useFolder()
    put(folder, '20250901c.txt', record(1))
    const { code, stdout } = await fetcher({ cwd: dir() }, 'run', 'us-fl', '--dry-run')
    expect(code).toBe(0)
    expect(stdout).toContain(`${folder}/20250901c.txt`)
    expect([...filesBelow(dir()).keys()].map((path) => path.slice(dir().length + 1)).toSorted()).toEqual([
      'fetchers/us-fl.yaml',
      'key',
    ])
  })

  test('a listing that fails is a failure of the run', async () => {
    useFolder({ locator: [] })
    writeConfig(dir(), 'us-fl', await configWithout(dir()))
    const { code, stdout, stderr } = await fetcher({ cwd: dir() }, 'run', 'us-fl', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      end: 'failed',
      ok: false,
      errors: [{ locator: 'us_fl_daily_provider' }],
    })
    expect(stderr).toContain('nowhere')
  })

  test('a host whose key is another one is not talked to', async () => {
    useFolder({ connection: `host_keys: ["SHA256:${'A'.repeat(43)}"]` })
    const { code, stdout } = await fetcher({ cwd: dir() }, 'run', 'us-fl', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ errors: [{ code: 'ERR_SFTP_HOST_KEY' }] })
  })

  test('a host that known_hosts does not have is told before anything is connected', async () => {
    useFolder({ connection: 'known_hosts: known' })
    writeFileSync(join(dir(), 'known'), '')
    const { code, stderr } = await fetcher({ cwd: dir() }, 'run', 'us-fl')
    expect(code).toBe(1)
    expect(stderr).toContain('ssh-keyscan')
  })

  test('killed in the middle of a file, the next run goes on with what is there', async () => {
    const folder = useFolder({ top: ['lease_seconds: 1'] })
    const size = 96 << 20
    const path = put(folder, '20250901c.txt', record(1))
    truncateSync(path, size)
    const child = start({ cwd: dir() }, 'run', 'us-fl')
    const partial = (): number =>
      [...filesBelow(join(dir(), '.fetcher'))].find(([name]) => name.endsWith('.partial'))?.[1].length ?? 0
    while (partial() < 16 << 20) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGKILL')
    expect((await child.exited).signal).toBe('SIGKILL')
    const there = partial()
    expect(there).toBeLessThan(size)
    const { code, stdout } = await fetcher({ cwd: dir() }, 'run', 'us-fl', '--json')
    expect(code).toBe(0)
    const { counts } = JSON.parse(stdout) as { counts: { bytes: number } }
    expect(counts.bytes).toBeLessThanOrEqual(size - there + (8 << 20))
    expect(bundlesIn(dir()).map(({ length }) => length)).toEqual([size])
    expect(partial()).toBe(0)
  })
})

async function configWithout(cwd: string): Promise<string> {
  const [text = ''] = [...filesBelow(join(cwd, 'fetchers')).values()].map(String)
  return text.replace(/directory: [^,]+/, 'directory: nowhere')
}
