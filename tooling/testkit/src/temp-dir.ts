import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'

/**
 * Gives every test of the file or block a folder of its own, removed afterwards.
 *
 * @example
 * const dir = useTempDir()
 * test('…', () => writeFileSync(join(dir(), 'a'), ''))
 */
export function useTempDir(): () => string {
  let current: string | undefined
  beforeEach(() => {
    current = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  })
  afterEach(() => {
    if (current !== undefined) rmSync(current, { recursive: true, force: true })
    current = undefined
  })
  return () => {
    if (current === undefined) throw new Error('The temporary folder exists only while a test runs')
    return current
  }
}
