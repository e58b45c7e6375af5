import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import type { HistoryEvent } from '../../src/history/history-line.js'
import { readHistory } from '../../src/history/read-history.js'
import { runArchiver } from '../support/run-archiver.js'
import { makeSite } from '../support/site.js'
import { spawnArchiver } from '../support/spawn-archiver.js'

const dir = useTempDir()

async function events(path: string): Promise<HistoryEvent[]> {
  const found: HistoryEvent[] = []
  await readHistory(path, (event) => found.push(event))
  return found
}

describe('run history of the archiver', () => {
  test('each run and stage is an event, with what was moved or what was wrong', async () => {
    const site = makeSite(dir())
    site.configure({ run_process_retries: 1, parallel_workers: 1 })
    site.addRuns([1, 2])
    site.breakRun(2)
    await runArchiver([site.configPath], { now: () => Date.UTC(2026, 1, 3) })
    const found = await events(join(site.workDir, 'run_history.jsonl'))
    expect(found.map(({ stage, run, outcome }) => `${stage} ${run} ${outcome}`)).toEqual([
      'Import 1 succeeded',
      'Import 2 failed',
      'Migration 1 succeeded',
    ])
    expect(found[1]).toMatchObject({ at: '2026-02-03T00:00:00.000Z', attempts: 1, errorCode: 'ERR_RUN_RECORD' })
    expect(found[1]?.error).toContain('tpc01.fcl')
    expect(found[2]).toMatchObject({ bytes: site.blob(1).length })
    expect(new Set(found.map(({ executionId }) => executionId)).size).toBe(1)
  })

  test('dry runs, reports and recoveries do not touch it', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    for (const flag of ['--dry-run', '--report-status', '--recover-import-state'])
      await runArchiver([site.configPath, flag])
    expect(existsSync(join(site.workDir, 'run_history.jsonl'))).toBe(false)
  })

  test('app.history_file says where it is', async () => {
    const site = makeSite(dir())
    site.configure({ history_file: join(dir(), 'elsewhere', 'h.jsonl') })
    site.addRuns([1])
    await runArchiver([site.configPath])
    expect(await events(join(dir(), 'elsewhere', 'h.jsonl'))).toHaveLength(2)
  })

  test('app.history_file may not be a file of something else', async () => {
    const site = makeSite(dir())
    site.configure({ history_file: join(site.workDir, 'importer_state.json.bak') })
    const { code, stderr } = await runArchiver([site.configPath])
    expect(code).toBe(1)
    expect(stderr).toContain('app.history_file: names a file that belongs to app.import_state_file')
  })

  test('a history that cannot be written is one warning, and the archiving succeeds', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2, 3])
    mkdirSync(join(site.workDir, 'run_history.jsonl'), { recursive: true })
    const { code, stderr } = await runArchiver([site.configPath])
    expect(code).toBe(0)
    expect(site.archived()).toEqual([1, 2, 3])
    expect(stderr.match(/the archiving goes on without/g)).toHaveLength(1)
    rmSync(join(site.workDir, 'run_history.jsonl'), { recursive: true })
  })

  test('a history that the Python archiver or an editor spoiled keeps nothing from working', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    mkdirSync(site.workDir)
    const path = join(site.workDir, 'run_history.jsonl')
    writeFileSync(path, 'what is this\n{"half":')
    chmodSync(path, 0o600)
    expect((await runArchiver([site.configPath])).code).toBe(0)
    expect(await events(path)).toHaveLength(2)
    expect(readFileSync(path, 'utf8')).toMatch(/^what is this\n\{"at"/)
  })

  test('killed in the middle, the history is whole lines of runs that are really recorded, and goes on', async () => {
    const site = makeSite(dir())
    const runs = Array.from({ length: 30 }, (_, index) => index + 1)
    site.configure({ batch_size: 30 })
    site.addRuns(runs)
    const archiver = spawnArchiver([site.configPath])
    await archiver.logged('[Import] [Run 12] done')
    archiver.kill('SIGKILL')
    await archiver.finished
    const path = join(site.workDir, 'run_history.jsonl')
    const before = await events(path)
    expect(before.length).toBeGreaterThan(0)
    await runArchiver([site.configPath, '--incremental'])
    const after = await events(path)
    expect(after.slice(0, before.length)).toEqual(before)
    expect((await readHistory(path, () => undefined)).badLineCount).toBe(0)
    const migrated = after.filter(({ stage }) => stage === 'Migration').map(({ run }) => run)
    expect(migrated.sort((one, other) => one - other)).toEqual(runs)
    const imported = after.filter(({ stage }) => stage === 'Import').map(({ run }) => run)
    expect(new Set(imported).size).toBe(imported.length)
  })
})
