/**
 * Two measurements of @holdfast/lock, each in one run: an uncontended acquire and release beside proper-lockfile, and
 * how four processes in tight loops share one lock.
 *
 * Usage: node tooling/bench/src/lock.bench.ts [rounds] [seconds]
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { FileLock } from '@holdfast/lock'

interface ProperLockfile {
  lock(path: string): Promise<() => Promise<void>>
}

interface Share {
  readonly acquisitions: number
  readonly longestWaitMs: number
}

const PROCESSES = 4
const HOLD_MS = 1
const WARM_UP_ROUNDS = 200

const [role, first, second] = process.argv.slice(2)
if (role === 'share') await takeShare(String(first), Number(second))
else await main(Number(role ?? 2000), Number(first ?? 5))

async function main(rounds: number, seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    await compareUncontended(folder, rounds)
    await measureShares(join(folder, 'shared.lock'), seconds * 1000)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function compareUncontended(folder: string, rounds: number): Promise<void> {
  const proper: ProperLockfile = createRequire(import.meta.url)('proper-lockfile')
  const target = join(folder, 'target')
  writeFileSync(target, '')
  const path = join(folder, 'ours.lock')
  const contenders: Record<string, () => Promise<void>> = {
    'holdfast, at once': async () => (await FileLock.acquire(path)).release(),
    'holdfast, ready to wait': async () => (await FileLock.acquire(path, { timeoutMs: 1000 })).release(),
    'proper-lockfile': async () => (await proper.lock(target))(),
  }
  const times = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]))
  const there = Object.entries(contenders)
  const back = there.toReversed()
  // In turns, there and back, so that a busy moment of the machine and the wake of a contender hit all alike.
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const [name, run] of round % 2 === 0 ? there : back) {
      const started = performance.now()
      await run()
      if (round >= 0) times.get(name)?.push((performance.now() - started) * 1000)
    }
  }
  const ours = quantile(times.get('holdfast, ready to wait') ?? [], 0.5)
  console.log(`uncontended acquire + release, ${rounds} rounds`)
  for (const [name, all] of times) {
    const median = quantile(all, 0.5)
    const [middle, late] = [median.toFixed(1), quantile(all, 0.99).toFixed(1)]
    console.log(`  ${name}: median ${middle} µs, p99 ${late} µs, ${(median / ours).toFixed(1)} x`)
  }
}

async function measureShares(path: string, durationMs: number): Promise<void> {
  const children = Array.from({ length: PROCESSES }, () =>
    fork(import.meta.filename, ['share', path, String(durationMs)]),
  )
  await Promise.all(children.map((child) => once(child, 'message')))
  const shares = Promise.all(children.map(async (child) => ((await once(child, 'message')) as [Share])[0]))
  for (const child of children) child.send('go')
  const results = await shares
  await Promise.all(children.map(ended))
  const total = results.reduce((sum, { acquisitions }) => sum + acquisitions, 0)
  console.log(`${PROCESSES} processes, ${HOLD_MS} ms in the lock, ${durationMs / 1000} s: ${total} acquisitions`)
  for (const { acquisitions, longestWaitMs } of results) {
    const percent = ((acquisitions / total) * 100).toFixed(1)
    console.log(`  ${percent} % (${acquisitions}), longest wait ${longestWaitMs.toFixed(1)} ms`)
  }
}

/** One of the children: take the lock again and again without a pause. */
async function takeShare(path: string, durationMs: number): Promise<void> {
  process.send?.('ready')
  await once(process, 'message')
  const end = performance.now() + durationMs
  let acquisitions = 0
  let longestWaitMs = 0
  for (;;) {
    const asked = performance.now()
    if (asked >= end) break
    const lock = await FileLock.acquire(path, { timeoutMs: 60_000 })
    const got = performance.now()
    longestWaitMs = Math.max(longestWaitMs, got - asked)
    while (performance.now() - got < HOLD_MS);
    await lock.release()
    acquisitions += 1
  }
  process.send?.({ acquisitions, longestWaitMs } satisfies Share)
  process.disconnect?.()
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) await once(child, 'exit')
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
}
