import { setTimeout as sleep } from 'node:timers/promises'
import type { ValueCodec } from '../codec/value-codec.js'
import { addNumbers } from '../driver/add-numbers.js'
import type { Change, Check, Commit, CommitOutcome, KvDriver } from '../driver/driver.js'
import { KvNumberError } from '../errors.js'

type Increment = Extract<Change, { readonly type: 'increment' }>

/**
 * Does the increments of a commit where the driver cannot read the numbers, because they are encrypted or of another codec: reads them, adds, and
 * commits on the condition that nobody changed them meanwhile, again and again until that holds.
 */
export async function incrementByReading(
  driver: KvDriver,
  codec: ValueCodec,
  commit: Commit,
  signal: AbortSignal | undefined,
): Promise<CommitOutcome> {
  const increments = commit.changes.filter((change) => change.type === 'increment')
  for (let round = 0; ; round += 1) {
    const entries = await driver.read(
      increments.map(({ key }) => key),
      signal,
    )
    const sums = new Map<string, number>()
    const puts = new Map<string, Change>()
    const checks: Check[] = [...commit.checks]
    for (const [index, change] of increments.entries()) {
      const entry = entries[index]
      const value = entry === undefined ? 0 : codec.decode(entry.payload, change.key)
      if (typeof value !== 'number') throw new KvNumberError(change.key, 'its value is not a number')
      const sum = addNumbers(value, change.by)
      if (sum === undefined) return { status: 'overflow', change: commit.changes.indexOf(change) }
      sums.set(change.key, sum)
      checks.push({ key: change.key, version: entry?.version ?? null })
      puts.set(change.key, {
        type: 'put',
        key: change.key,
        payload: codec.encode(sum, change.key),
        ttlMs: await timeToLive(driver, change, entry !== undefined, signal),
      })
    }
    const changes = commit.changes.map((change) => puts.get(change.key) ?? change)
    const outcome = await driver.commit({ checks, changes }, signal)
    if (outcome.status === 'done') {
      const results = commit.changes.map((change, index) => sums.get(change.key) ?? outcome.results[index] ?? 0)
      return { ...outcome, results }
    }
    if (outcome.status !== 'conflict' || outcome.check < commit.checks.length) return outcome
    await sleep(Math.random() * Math.min(round, 20), undefined, { signal })
  }
}

async function timeToLive(
  driver: KvDriver,
  { key, ttlMs, renew }: Increment,
  exists: boolean,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  if (renew || !exists) return ttlMs
  const left = await driver.timeLeft(key, signal)
  if (left === undefined) return ttlMs
  return left === Number.POSITIVE_INFINITY ? null : Math.max(1, Math.ceil(left))
}
