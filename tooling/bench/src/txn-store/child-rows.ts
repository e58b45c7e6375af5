/** The rows that need processes of their own. */
import { type ChildProcess, fork } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'

import { TxnStore } from '@holdfast/txn-store'

import type { HistoryResult, LoopResult, MemoryResult } from './child.ts'
import { documentSchema, formatSize, makeDocument } from './document.ts'
import type { Verdict } from './report.ts'

const PROCESSES = 4
const HISTORY_LIMIT = 20
const HISTORY_BYTES = 64 * 1024
const TRANSACTIONS_IN_MEMORY = 100

/** Tight loops on one document: one process alone, then four, then one again. */
export async function measureProcesses(parent: string, sizeBytes: number, durationMs: number): Promise<Verdict[]> {
  const alone = await runLoops(join(parent, 'alone-before'), sizeBytes, 1, durationMs)
  const together = await runLoops(join(parent, 'together'), sizeBytes, PROCESSES, durationMs)
  const aloneAgain = await runLoops(join(parent, 'alone-after'), sizeBytes, 1, durationMs)
  const total = sum(together.results, 'commits')
  const shares = together.results.map(({ commits }) => commits / total)
  const seconds = durationMs / 1000
  console.log(`\nTight loops of ${PROCESSES} processes, ${formatSize(sizeBytes)}, ${seconds} s`)
  console.table({
    'one alone, before': describe(alone.results, seconds),
    [`${PROCESSES} together`]: describe(together.results, seconds),
    'one alone, after': describe(aloneAgain.results, seconds),
  })
  console.log(`shares: ${shares.map((share) => `${(share * 100).toFixed(1)} %`).join(', ')}`)
  const oneAlone = (sum(alone.results, 'commits') + sum(aloneAgain.results, 'commits')) / 2
  const lost = alone.lost + together.lost + aloneAgain.lost
  return [
    { work: `${PROCESSES} processes: lost updates`, measured: lost, comparison: 'exactly', target: 0 },
    {
      work: `${PROCESSES} processes: timeouts`,
      measured: sum(together.results, 'timeouts'),
      comparison: 'exactly',
      target: 0,
    },
    {
      work: `${PROCESSES} processes: smallest share`,
      measured: Math.min(...shares) * 100,
      comparison: 'at least',
      target: 15,
      unit: ' %',
    },
    { work: `${PROCESSES} processes : one alone`, measured: total / oneAlone, comparison: 'at least', target: 0.6 },
  ]
}

interface Loops {
  readonly results: readonly LoopResult[]
  readonly lost: number
}

async function runLoops(folder: string, sizeBytes: number, processes: number, durationMs: number): Promise<Loops> {
  mkdirSync(folder)
  const path = join(folder, 'document.json')
  await using store = new TxnStore(path, { schema: documentSchema })
  await store.write(makeDocument(sizeBytes))
  const children = Array.from({ length: processes }, () => startChild('loop', path, durationMs))
  await Promise.all(children.map(answer))
  const answers = Promise.all(children.map((child) => answer<LoopResult>(child)))
  for (const child of children) child.send('go')
  const results = await answers
  const { updates, counts } = await store.read()
  const counted = Object.values(counts).reduce((total, count) => total + count, 0)
  const commits = sum(results, 'commits')
  return { results, lost: Math.max(commits - updates, commits - counted) }
}

/** The newest records of a long log. Its lines are made from one of the store's own, in the documented form. */
export async function measureHistory(parent: string, records: number): Promise<Verdict[]> {
  const folder = join(parent, 'history')
  mkdirSync(folder)
  const path = join(folder, 'document.json')
  await using store = new TxnStore(path)
  for (let updates = 0; updates < 2; updates += 1) await store.write({ updates })
  const log = join(folder, '.pipeline', 'document.json.transactions.log')
  await extendLog(log, records)
  const { bytesRead, records: found, spentMs } = await run<HistoryResult>('history', path, HISTORY_LIMIT)
  if (found !== HISTORY_LIMIT) throw new Error(`history(${HISTORY_LIMIT}) found ${found} records`)
  const logBytes = statSync(log).size
  console.log(
    `\nhistory(${HISTORY_LIMIT}) on ${records} records, ${logBytes} bytes: ${bytesRead} bytes read, ${spentMs.toFixed(1)} ms`,
  )
  const work = `history(${HISTORY_LIMIT}) on ${records} records: reads`
  return [{ work, measured: bytesRead, comparison: 'less than', target: HISTORY_BYTES, unit: ' bytes' }]
}

async function extendLog(path: string, records: number): Promise<void> {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const { hash: newest, prev, ...template } = JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>
  const out = createWriteStream(path, { flags: 'a' })
  let before = newest
  let chunk = ''
  for (let count = lines.length; count < records; count += 1) {
    const fields = { ...template, seq: Number(template['seq']) + count, before: template['sha256'], prev: before }
    const body = JSON.stringify(fields)
    before = hash('sha256', body)
    chunk += `${body.slice(0, -1)},"hash":"${before}"}\n`
    if (chunk.length < 1 << 20) continue
    if (!out.write(chunk)) await once(out, 'drain')
    chunk = ''
  }
  out.end(chunk)
  await finished(out)
}

/** The most memory that a process ever had which works on a large document. */
export async function measureMemory(parent: string, sizeBytes: number): Promise<Verdict[]> {
  const folder = join(parent, 'memory')
  mkdirSync(folder)
  const path = join(folder, 'document.json')
  {
    await using store = new TxnStore(path, { schema: documentSchema })
    await store.write(makeDocument(sizeBytes))
  }
  const { peakBytes, spentMs } = await run<MemoryResult>('memory', path, TRANSACTIONS_IN_MEMORY)
  const bytes = statSync(path).size
  const each = (spentMs / TRANSACTIONS_IN_MEMORY).toFixed(0)
  console.log(
    `\n${TRANSACTIONS_IN_MEMORY} transactions on ${bytes} bytes: at most ${peakBytes} bytes of memory, ${each} ms each (validation on)`,
  )
  const work = `memory : ${formatSize(sizeBytes)} document`
  return [{ work, measured: peakBytes / bytes, comparison: 'less than', target: 8 }]
}

async function run<T>(role: string, path: string, argument: number): Promise<T> {
  return answer<T>(startChild(role, path, argument))
}

function startChild(role: string, path: string, argument: number): ChildProcess {
  return fork(join(dirname(import.meta.filename), 'child.ts'), [role, path, String(argument)])
}

/** The next message. A child that ends without one has failed. */
async function answer<T>(child: ChildProcess): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const onExit = (code: number | null): void => reject(new Error(`A child of the benchmark ended with ${code}`))
  child.once('exit', onExit)
  child.once('message', (message) => resolve(message as T))
  try {
    return await promise
  } finally {
    child.off('exit', onExit)
  }
}

function describe(results: readonly LoopResult[], seconds: number): Record<string, number> {
  const commits = sum(results, 'commits')
  return {
    commits,
    'per second': Math.round(commits / seconds),
    timeouts: sum(results, 'timeouts'),
    'longest ms': Number(Math.max(...results.map(({ longestMs }) => longestMs)).toFixed(1)),
  }
}

function sum(results: readonly LoopResult[], field: 'commits' | 'timeouts'): number {
  return results.reduce((total, result) => total + result[field], 0)
}
