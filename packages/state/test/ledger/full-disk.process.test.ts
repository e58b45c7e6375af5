import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillDisk, mountTinyFileSystem } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { ledgerConformanceChecks } from '../../src/ledger/conformance/index.js'
import { openLedgerStorage } from '../../src/ledger/open-ledger-storage.js'
import { recordingLogger } from '../support/recording-logger.js'
import { openQuietly, readJson } from './support.js'

const DISK_BYTES = 2 * 1024 * 1024
const GOOD = '{\n  "failed": {},\n  "processed": {\n    "A": {\n      "title": "good"\n    }\n  },\n  "version": 2\n}'

describe.each(['json', 'journal', 'sqlite'] as const)('on a full disk (%s)', (kind) => {
  const options = { readOnly: false, maxBackups: 5, label: undefined, lockTimeoutMs: 5000, logger: recordingLogger() }

  test('a commit that cannot be written is refused and leaves everything as it was', async (context) => {
    const disk = mountTinyFileSystem(DISK_BYTES)
    if (disk === undefined) return context.skip('mounting needs root')
    const checks = ledgerConformanceChecks({
      createPlace: async () => join(disk, `${randomUUID()}${kind === 'sqlite' ? '.db' : '.json'}`),
      open: (path: string) => openLedgerStorage(path, kind, options, {}),
      failWrites: async (_path, failing) => {
        const fill = fillDisk(disk)
        if (!failing) rmSync(fill)
      },
    })
    const [check, ...more] = checks.filter(({ name }) => name.includes('cannot be written'))
    expect(more).toEqual([])
    await check?.run()
    expect(check).toBeDefined()
  })
})

test('a damaged file that cannot be repaired because the disk is full costs neither its bytes nor the backup', async (context) => {
  const disk = mountTinyFileSystem(DISK_BYTES)
  if (disk === undefined) return context.skip('mounting needs root')
  const path = join(disk, 'processed.json')
  // So that lock and history have their blocks, and the repair gets as far as the file itself.
  const first = await openQuietly(path)
  await first.markProcessed({ asin: 'FIRST' })
  await first.close()
  writeFileSync(`${path}.bak`, GOOD)
  for (const damage of ['{"cut', '{"version": 2, "processed": [], "failed": {}}']) {
    writeFileSync(path, damage)
    const fill = fillDisk(disk)
    await expect(openQuietly(path)).rejects.toMatchObject({
      code: 'ERR_STATE_WRITE',
      cause: { code: 'ENOSPC' },
    })
    expect(readFileSync(path, 'utf8')).toBe(damage)
    expect(readFileSync(`${path}.bak`, 'utf8')).toBe(GOOD)
    rmSync(fill)
    await using ledger = await openQuietly(path)
    expect(await ledger.export()).toBe(GOOD)
    expect(readJson(`${path}.bak`)).toEqual(JSON.parse(GOOD))
    expect(readdirSync(disk).filter((name) => name.endsWith('.tmp'))).toEqual([])
  }
})
