/** The part of the rows that need a process of their own; run by `child-rows.ts`, told what to do by its arguments, answers by one message. */
import { readFileSync } from 'node:fs'

import { TxnStore } from '@holdfast/txn-store'

import { advance, documentSchema } from './document.ts'

export interface LoopResult {
  readonly commits: number
  readonly timeouts: number
  readonly longestMs: number
}

export interface HistoryResult {
  readonly bytesRead: number
  readonly records: number
  readonly spentMs: number
}

export interface MemoryResult {
  readonly peakBytes: number
  readonly spentMs: number
}

const [role, path = '', argument] = process.argv.slice(2)
if (role === 'loop') process.send?.(await loop(path, Number(argument)))
if (role === 'history') process.send?.(await readHistory(path, Number(argument)))
if (role === 'memory') process.send?.(await fillMemory(path, Number(argument)))
process.disconnect?.()

/** Transactions without a pause, from the word go. */
async function loop(path: string, durationMs: number): Promise<LoopResult> {
  await using store = new TxnStore(path, { schema: documentSchema })
  await store.read()
  process.send?.('ready')
  await new Promise((resolve) => process.once('message', resolve))
  const end = performance.now() + durationMs
  const me = String(process.pid)
  let [commits, timeouts, longestMs] = [0, 0, 0]
  for (let now = performance.now(); now < end; now = performance.now()) {
    try {
      await store.transaction((txn) => {
        advance(txn.data)
        txn.data.counts[me] = (txn.data.counts[me] ?? 0) + 1
      })
      commits += 1
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STATE_LOCK')) throw error
      timeouts += 1
    }
    longestMs = Math.max(longestMs, performance.now() - now)
  }
  return { commits, timeouts, longestMs }
}

async function readHistory(path: string, limit: number): Promise<HistoryResult> {
  await using other = new TxnStore(`${path}.other.json`)
  await other.write({})
  // What is loaded at the first use is no part of what is counted.
  await other.getTransactionHistory({ limit })
  await using store = new TxnStore(path)
  const [before, started] = [bytesReadSoFar(), performance.now()]
  const records = await store.getTransactionHistory({ limit })
  const [spentMs, bytesRead] = [performance.now() - started, bytesReadSoFar() - before]
  return { bytesRead, records: records.length, spentMs }
}

/** By this process, from files and caches; includes a few hundred bytes for asking. */
function bytesReadSoFar(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}

async function fillMemory(path: string, transactions: number): Promise<MemoryResult> {
  await using store = new TxnStore(path, { schema: documentSchema })
  const started = performance.now()
  for (let count = 0; count < transactions; count += 1) await store.transaction((txn) => advance(txn.data))
  return { spentMs: performance.now() - started, peakBytes: process.resourceUsage().maxRSS * 1024 }
}
