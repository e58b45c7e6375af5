/** Every example of the README is run as it stands, as a program of its own, in a project that has the package installed. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { startRedisServer } from '@holdfast/testkit/redis-server'
import { expect, onTestFinished, test } from 'vitest'

const PACKAGE = join(import.meta.dirname, '..')
const dir = useTempDir()
const examples = [...readFileSync(join(PACKAGE, 'README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, code = '']) => code,
)

interface Expected {
  readonly uses: string
  readonly prints: RegExp
}

const expected: readonly Expected[] = [
  { uses: 'createKvStore', prints: /^ours, version \d+\n5 1\.5\ntrue abc\ndone:a true\n$/ },
  { uses: 'configureGlobalStore', prints: /^$/ },
  { uses: 'createPersistenceManager', prints: /^true 2024-01-15\nfailed_url failed 2 times\n$/ },
  { uses: 'createRetryManager', prints: /^attempt 1 in [01]\.\d s\n$/ },
  {
    uses: 'createStateTracker',
    prints:
      /^1 1\.5 1\.5 1\.5\n5 0\.01\d+\n# HELP holdfast_events_total .*holdfast_events_total\{tracker="my_tracker",name="api_calls"\} 5\n/s,
  },
  { uses: 'createLeasedQueue', prints: /^working on https:\/\/a\.example\/1 with token \d+\n$/ },
  { uses: 'getGlobalStore', prints: /^$/ },
]

test('the README has these examples', () => {
  expect(examples.map((code) => /\{ (?:closeGlobalStore, )?(\w+)/.exec(code)?.[1])).toEqual(
    expected.map(({ uses }) => uses),
  )
})

test.each(expected)('the example of $uses works as it stands', { timeout: 30_000 }, async ({ uses, prints }) => {
  const code = examples[expected.findIndex((one) => one.uses === uses)] ?? ''
  const [server] = code.includes(SERVER) ? [await startRedisServer()] : []
  onTestFinished(() => server?.stop())
  mkdirSync(join(dir(), 'node_modules/@holdfast'), { recursive: true })
  symlinkSync(PACKAGE, join(dir(), 'node_modules/@holdfast/kv-persistence'))
  writeFileSync(join(dir(), 'example.mts'), code.replace(SERVER, `localhost:${server?.port}`))
  const env = { ...process.env, NODE_NO_WARNINGS: '1' }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['example.mts'], { cwd: dir(), env, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(prints)
})

const SERVER = 'localhost:6379'
