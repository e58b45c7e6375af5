import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'

/** Makes a new path in the test's folder each time. */
export function usePlaces(name: string): () => Promise<string> {
  const dir = useTempDir()
  return async () => join(mkdtempSync(join(dir(), 'place-')), name)
}
