/** The short, seeded form of `pnpm torture`. */
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { serveUconDb } from '../src/serve-ucondb.ts'
import { tortureArchiver } from '../src/torture-archiver.ts'

const dir = useTempDir()

test.each([
  ['embedded', {}],
  ['on a UconDB server', { startArchive: serveUconDb }],
])(
  'the archiver with an archive %s, killed at random moments and restarted, loses nothing and repeats nothing',
  { timeout: 120_000 },
  async (_, options) => {
    const size = { runs: 24, kills: 8, workers: 4, recordBytes: 8_000 }
    const report = await tortureArchiver({ folder: dir(), seed: 20_260_101, ...size, ...options })
    expect(report.violations).toEqual([])
    expect(report.kills).toBe(8)
  },
)
