/** Half of the time of a short command is loading, so what only reads must not load what it takes to write. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { mamfast } from './support.js'

const dir = useTempDir()

// Notes each module that is loaded on the standard error.
const HOOKS = `import { registerHooks } from 'node:module'
registerHooks({ load: (url, context, next) => (process.stderr.write('loaded ' + url + '\\n'), next(url, context)) })`

/** The packages and modules of Node whose loading tells. */
async function loadedBy(args: readonly string[]): Promise<string[]> {
  const hooks = join(dir(), 'hooks.mjs')
  writeFileSync(hooks, HOOKS)
  const { code, stderr } = await mamfast(args, { env: { NODE_OPTIONS: `--import=${hooks}` } })
  expect(code, stderr).toBe(0)
  const heavy = [/\/packages\/(txn-store|lock|atomic-file)\//, /(node:sqlite|node:zlib)$/, /\/(mutative|yaml|zod)\//]
  const urls = stderr.split('\n').filter((line) => line.startsWith('loaded '))
  expect(urls.some((url) => url.includes('/apps/mamfast/'))).toBe(true)
  return urls.flatMap((url) => heavy.flatMap((pattern) => pattern.exec(url)?.[1] ?? []))
}

test.each(['list', 'list --json', 'list --failed', 'show B0A', 'export', 'export --format csv'])(
  'state %s loads nothing of what writes',
  async (command) => {
    const path = join(dir(), 'processed.json')
    writeFileSync(path, '{"failed": {}, "processed": {"B0A": {"title": "A"}}, "version": 2}')
    expect(await loadedBy(['state', ...command.split(' '), '-s', path])).toEqual([])
  },
)

test('state clear loads it, so that the test above would see it', async () => {
  const loaded = await loadedBy(['state', 'clear', 'B0A', '-s', join(dir(), 'processed.json')])
  expect(new Set(loaded)).toEqual(new Set(['atomic-file', 'lock', 'mutative', 'node:sqlite', 'node:zlib', 'txn-store']))
})
