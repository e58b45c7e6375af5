import { execFileSync, spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const SCRIPT = `
  const { createKvStore } = await import('@holdfast/kv-persistence')
  const store = await createKvStore({ type: 'memory' })
  await store.put(['state', 'a:b'], { token: 'hush' })
  await store.get('absent')
  await store.increment(['state', 'a:b']).catch(() => undefined)
  await store.close()
`
const ARGS = ['--input-type=module', '-e', SCRIPT]

test('NODE_DEBUG=holdfast-kv tells operations and keys, never values; without it nothing is told', () => {
  const env = { ...process.env, NODE_DEBUG: 'holdfast-kv' }
  const { stderr, stdout } = spawnSync(process.execPath, ARGS, { cwd: import.meta.dirname, env, encoding: 'utf8' })
  expect(stderr).toMatch(/memory put state:a%3Ab: done in [\d.]+ ms/)
  expect(stderr).toMatch(/read absent: absent/)
  expect(stderr).toMatch(/increment state:a%3Ab: not-a-number/)
  expect(stderr + stdout).not.toContain('hush')
  const quiet = execFileSync(process.execPath, ARGS, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' })
  expect(quiet).toBe('')
})
