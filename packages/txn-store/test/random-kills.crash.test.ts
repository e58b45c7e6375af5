/** The short, seeded form of `pnpm torture store`. */
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { tortureStore } from '../torture/torture-store.ts'

const dir = useTempDir()

test('a store that is killed at random moments loses nothing that was acknowledged and tells the truth', {
  timeout: 60_000,
}, async () => {
  const report = await tortureStore({ folder: dir(), kills: 20, seed: 20_260_102, killsPerDocument: 10 })
  expect(report.violations).toEqual([])
  expect(report.kills).toBe(20)
  expect(report.acknowledged).toBeGreaterThan(20)
})
