import { appendFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import type { HistoryEvent } from '../../src/history/history-line.js'
import { describeBadLines, readHistory } from '../../src/history/read-history.js'
import { RunHistory } from '../../src/history/run-history.js'
import { readSeries } from '../../src/history/run-series.js'

const dir = useTempDir()
const START = Date.UTC(2026, 0, 1)

function event(run: number, outcome: HistoryEvent['outcome'], minute: number): HistoryEvent {
  const at = new Date(START + minute * 60_000).toISOString()
  const error = outcome === 'failed' ? { error: `no ${minute}`, errorCode: 'ERR_X' } : { bytes: 10 }
  return { at, executionId: `e${minute}`, stage: 'Import', run, outcome, attempts: 3, durationMs: 5, ...error }
}

function open(path: string, options: { compactAboveBytes?: number; newestKept?: number } = {}) {
  const warnings: string[] = []
  return RunHistory.open(path, { now: () => START, warn: (message) => warnings.push(message), ...options }).then(
    (history) => ({ history, warnings }),
  )
}

async function eventsOf(path: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = []
  await readHistory(path, (found) => events.push(found))
  return events
}

describe('RunHistory', () => {
  test('what was appended is read back, over several openings', async () => {
    const path = join(dir(), 'deep', 'run_history.jsonl')
    for (const minute of [1, 2]) {
      const { history } = await open(path)
      await history.append([event(7, 'failed', minute)])
      await history.close()
    }
    expect(await eventsOf(path)).toEqual([event(7, 'failed', 1), event(7, 'failed', 2)])
  })

  test('the line that a kill cut off is cut by the next writer, and by no reader', async () => {
    const path = join(dir(), 'h')
    const { history } = await open(path)
    await history.append([event(1, 'succeeded', 1)])
    await history.close()
    appendFileSync(path, '{"at":"2026-01-')
    expect(await eventsOf(path)).toEqual([event(1, 'succeeded', 1)])
    const torn = statSync(path).size
    const again = await open(path)
    expect(statSync(path).size).toBe(torn - 15)
    await again.history.append([event(2, 'succeeded', 2)])
    await again.history.close()
    expect(await eventsOf(path)).toEqual([event(1, 'succeeded', 1), event(2, 'succeeded', 2)])
  })

  test('a torn tail longer than a piece is found', async () => {
    const path = join(dir(), 'h')
    writeFileSync(path, `${JSON.stringify(event(1, 'succeeded', 1))}\n${'x'.repeat(200_000)}`)
    const { history } = await open(path)
    await history.append([event(2, 'succeeded', 2)])
    await history.close()
    expect(await eventsOf(path)).toEqual([event(1, 'succeeded', 1), event(2, 'succeeded', 2)])
  })

  test('bad lines in the middle are skipped and reported', async () => {
    const path = join(dir(), 'h')
    const line = (minute: number): string => JSON.stringify(event(minute, 'failed', minute))
    writeFileSync(path, `${line(1)}\n\0\0\0\n{"run":5}\n${line(2)}\n[]\n`)
    const events: HistoryEvent[] = []
    const reading = await readHistory(path, (found) => events.push(found))
    expect(events).toEqual([event(1, 'failed', 1), event(2, 'failed', 2)])
    expect(describeBadLines(path, reading)).toBe(`Lines of '${path}' that are no events were skipped: 2, 3, 5`)
  })

  test('a missing file has no events, one that cannot be read is an error', async () => {
    expect(await readHistory(join(dir(), 'none'), () => undefined)).toMatchObject({ exists: false, events: 0 })
    await expect(readHistory(dir(), () => undefined)).rejects.toMatchObject({ code: 'ERR_HISTORY_UNREADABLE' })
  })

  test('a file that is moved away or removed while it is open is begun anew', async () => {
    const path = join(dir(), 'h')
    const { history } = await open(path)
    await history.append([event(1, 'succeeded', 1)])
    renameSync(path, `${path}.old`)
    await history.append([event(2, 'succeeded', 2)])
    expect(await eventsOf(path)).toEqual([event(2, 'succeeded', 2)])
    rmSync(path)
    await history.append([event(3, 'succeeded', 3)])
    await history.close()
    expect(await eventsOf(path)).toEqual([event(3, 'succeeded', 3)])
    expect(await eventsOf(`${path}.old`)).toEqual([event(1, 'succeeded', 1)])
  })

  test('compaction keeps the newest event of each run, the beginning and the counts of each series of failures, and the newest of all', async () => {
    const path = join(dir(), 'h')
    const { history } = await open(path, { compactAboveBytes: 4_000, newestKept: 3 })
    const all: HistoryEvent[] = []
    const add = async (...events: HistoryEvent[]): Promise<void> => {
      all.push(...events)
      await history.append(events)
    }
    await add(event(1, 'failed', 0), event(1, 'succeeded', 1), event(2, 'failed', 2))
    for (let minute = 3; minute < 200; minute += 1) await add(event(2, 'failed', minute), event(3, 'succeeded', minute))
    await history.close()
    expect(statSync(path).size).toBeLessThan(5_000)
    const { series } = await readSeries(path)
    expect(series.get('Import', 1)).toMatchObject({ newest: all[1], firstFailure: undefined })
    expect(series.get('Import', 2)).toMatchObject({
      newest: { at: event(2, 'failed', 199).at },
      firstFailure: { at: event(2, 'failed', 2).at },
      executions: 198,
      attempts: 3 * 198,
    })
    expect((await eventsOf(path)).slice(-3)).toEqual(all.slice(-3))
  })

  test('compaction keeps a file with bad lines as it was', async () => {
    const path = join(dir(), 'h')
    writeFileSync(path, `junk\n${`${JSON.stringify(event(1, 'failed', 1))}\n`.repeat(40)}`)
    const { history, warnings } = await open(path, { compactAboveBytes: 1_000, newestKept: 1 })
    await history.append([event(1, 'failed', 2)])
    await history.close()
    const keptAs = `${path}.corrupt-20260101T000000.000Z`
    expect(warnings).toEqual([`'${path}' had lines that are no events; the file as it was is kept as '${keptAs}'`])
    expect(readFileSync(keptAs, 'utf8')).toMatch(/^junk\n/)
    expect((await readSeries(path)).series.get('Import', 1)).toMatchObject({ executions: 41 })
  })

  test('a file that cannot get smaller is not compacted again and again', async () => {
    const path = join(dir(), 'h')
    const { history } = await open(path, { compactAboveBytes: 1_000, newestKept: 1 })
    let inode = 0
    let replaced = 0
    for (let run = 0; run < 200; run += 1) {
      await history.append([event(run, 'succeeded', run)])
      const { ino } = statSync(path)
      if (ino !== inode) replaced += 1
      inode = ino
    }
    await history.close()
    expect(await eventsOf(path)).toHaveLength(200)
    expect(replaced).toBeLessThan(9)
  })
})
