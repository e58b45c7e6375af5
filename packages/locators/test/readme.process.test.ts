/** The example of the README is run as it stands, as a program of its own, in a project that has the packages installed. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { ApiServer } from './servers/api-server.js'

const PACKAGE = join(import.meta.dirname, '..')
const dir = useTempDir()

test('the first example of the README works as it stands', { timeout: 30_000 }, async () => {
  await using server = await ApiServer.start({ perDay: (day) => (day === '2025-01-31' ? 0 : 3) })
  const [, code = ''] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(PACKAGE, 'README.md'), 'utf8')) ?? []
  const modules = join(dir(), 'node_modules/@holdfast')
  mkdirSync(modules, { recursive: true })
  symlinkSync(PACKAGE, join(modules, 'locators'))
  symlinkSync(join(PACKAGE, '../kv-persistence'), join(modules, 'kv-persistence'))
  writeFileSync(join(dir(), 'example.mts'), `process.chdir(${JSON.stringify(dir())})\n${code}`)
  const child = startChild(join(dir(), 'example.mts'), { env: { API_ORIGIN: server.origin, NODE_NO_WARNINGS: '1' } })
  const { code: exitCode } = await child.exited
  expect({ exitCode, stderr: child.stderr() }).toEqual({ exitCode: 0, stderr: '' })
  expect(child.stdout().trim().split('\n').toSorted()).toEqual([
    '2025-01-30 1 true',
    '2025-01-30 2 true',
    '2025-01-31 1 true',
    '2025-02-01 1 true',
    '2025-02-01 2 true',
  ])
})
