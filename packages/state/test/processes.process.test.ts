import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillDisk, mountTinyFileSystem, startChild, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { parseRunRecordsFromFile, RunProgress, readState, writeState } from '../src/index.js'
import { recordingLogger } from './support/recording-logger.js'

const dir = useTempDir()

test('two processes that change the same files lose no update', async () => {
  const children = ['1', '2'].map((first) =>
    startChild(new URL('fixtures/update.mjs', import.meta.url), { args: [dir(), first] }),
  )
  await Promise.all(children.map((child) => child.ready()))
  for (const child of children) child.send({ type: 'go' })
  for (const child of children) expect({ ...(await child.exited), stderr: child.stderr() }).toMatchObject({ code: 0 })
  const runs = Array.from({ length: 60 }, (_, index) => index + 1)
  expect(await parseRunRecordsFromFile(join(dir(), 'failures.log'))).toEqual(runs)
  expect(await readState(join(dir(), 'state.json'))).toEqual({ last_attempted_run: 60, last_contiguous_run: 30 })
})

test('a folder that may not be written: reads answer, changes fail with typed errors, nothing changes', async () => {
  const stateFile = join(dir(), 'state.json')
  const failureLog = join(dir(), 'failures.log')
  writeFileSync(stateFile, '{')
  writeFileSync(failureLog, '7\n')
  chmodSync(dir(), 0o555)
  const before = readdirSync(dir())
  const child = startChild(new URL('fixtures/unwritable.mjs', import.meta.url), { args: [dir()] })
  const { results, lines } = await child.ready()
  expect(results).toEqual({
    read: {},
    written: false,
    updated: `ERR_STATE_WRITE EACCES ${stateFile}`,
    appended: `ERR_STATE_WRITE EACCES ${failureLog}`,
    opened: `ERR_STATE_WRITE EACCES ${stateFile}`,
    report: [7],
  })
  expect(lines).toHaveLength(3)
  expect(readdirSync(dir())).toEqual(before)
  expect(readFileSync(stateFile, 'utf8')).toBe('{')
  chmodSync(dir(), 0o755)
})

test('a full disk fails with a typed error, leaves the files, and the outcomes go with the next commit', async (context) => {
  const disk = mountTinyFileSystem(256 * 1024)
  if (disk === undefined) return context.skip('mounting needs root')
  const stateFile = join(disk, 'state.json')
  const failureLog = join(disk, 'failures.log')
  const progress = await RunProgress.open({ stateFile, failureLog })
  const batch = await progress.startBatch({ runs: [100, 101, 102, 103], destination: [] })
  await batch.succeeded(100)
  await batch.failed(101)
  const before = [readFileSync(stateFile, 'utf8'), readFileSync(failureLog, 'utf8')]

  const { rmSync } = await import('node:fs')
  const fill = fillDisk(disk)
  const full = { code: 'ERR_STATE_WRITE', cause: { code: 'ENOSPC' }, hint: expect.stringContaining('Free space') }
  await expect(batch.failed(102)).rejects.toMatchObject({ ...full, path: failureLog })
  const logger = recordingLogger()
  expect(await writeState(join(disk, 'other.json'), {}, { logger })).toBe(false)
  expect(logger.lines.join()).toContain('ENOSPC')
  expect([readFileSync(stateFile, 'utf8'), readFileSync(failureLog, 'utf8')]).toEqual(before)
  expect([progress.lastAttemptedRun, progress.failures]).toEqual([101, [101]])
  expect(readdirSync(disk).filter((name) => name.endsWith('.tmp'))).toEqual([])

  rmSync(fill)
  await batch.succeeded(103)
  expect(await readState(stateFile)).toEqual({ last_contiguous_run: 100, last_attempted_run: 103 })
  expect(readFileSync(failureLog, 'utf8')).toBe('101\n102\n')
  await progress.close()
})
