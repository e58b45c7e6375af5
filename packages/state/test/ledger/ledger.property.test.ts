/** Random calls to the ledger and to a plain model, on every storage; both have to agree after each call, and after reopening. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  ALLOWED_TRANSITIONS,
  RELEASE_STAGES,
  type ReleaseLedger,
  type ReleaseStage,
  type ReleaseStatus,
} from '../../src/index.js'
import { fakeClock, KINDS, openQuietly } from './support.js'

const dir = useTempDir()

interface Half {
  status: ReleaseStatus
  done: Set<ReleaseStage>
  infohash: string | undefined
}

interface Model {
  processed: Map<string, Half>
  failed: Map<string, { count: number; type: string | null }>
}

type Step =
  | {
      readonly call: 'checkpoint'
      readonly id: string
      readonly stage: ReleaseStage
      readonly infohash: string | undefined
      readonly skipMetadata: boolean
    }
  | { readonly call: 'processed'; readonly id: string; readonly infohash: string | undefined }
  | { readonly call: 'failed'; readonly id: string; readonly type: string | null }
  | { readonly call: 'retry' | 'retryFresh' | 'clear' | 'reopen'; readonly id: string }
  | { readonly call: 'clearStage'; readonly id: string; readonly stage: ReleaseStage }

const id = fc.constantFrom('B0EXAMPLE1', '1234567890', '/srv/a folder', '__proto__', '\uffee', '\u{1f600}')
const stage = fc.constantFrom(...RELEASE_STAGES)
const infohash = fc.constantFrom(undefined, 'aa', 'bb')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ call: fc.constant('checkpoint' as const), id, stage, infohash, skipMetadata: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ call: fc.constant('processed' as const), id, infohash }) },
  {
    weight: 3,
    arbitrary: fc.record({ call: fc.constant('failed' as const), id, type: fc.constantFrom(null, 'TypeError') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      call: fc.constantFrom('retry' as const, 'retryFresh' as const, 'clear' as const, 'reopen' as const),
      id,
    }),
  },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('clearStage' as const), id, stage }) },
)

const STATUS: Readonly<Record<ReleaseStage, ReleaseStatus>> = {
  staged: 'STAGED',
  metadata: 'METADATA_FETCHED',
  torrent: 'TORRENT_CREATED',
  uploaded: 'UPLOADED',
}
const ORDER: readonly ReleaseStatus[] = [
  'DISCOVERED',
  'STAGED',
  'METADATA_FETCHED',
  'TORRENT_CREATED',
  'UPLOADED',
  'COMPLETE',
]

function mayGo(half: Half | undefined, wanted: ReleaseStatus, skipMetadata: boolean): boolean {
  if (half === undefined) return true
  const from = [half.status]
  // What is stamped already counts as reached.
  for (let rank = ORDER.indexOf(half.status); rank < 4; rank += 1) {
    const next = RELEASE_STAGES[rank]
    if (next === undefined || !half.done.has(next)) break
    from.push(STATUS[next])
  }
  return from.some(
    (status) =>
      ALLOWED_TRANSITIONS[status].includes(wanted) ||
      (skipMetadata && status === 'STAGED' && wanted === 'TORRENT_CREATED'),
  )
}

/** Whether the call is to succeed. */
function applyToModel({ processed, failed }: Model, call: Step): boolean {
  const half = processed.get(call.id)
  switch (call.call) {
    case 'checkpoint': {
      const status = STATUS[call.stage]
      if (!mayGo(half, status, call.skipMetadata)) return false
      const done = new Set([...(half?.done ?? []), call.stage])
      processed.set(call.id, { status, done, infohash: call.infohash ?? half?.infohash })
      return true
    }
    case 'processed':
      if (!mayGo(half, 'COMPLETE', false)) return false
      processed.set(call.id, {
        status: 'COMPLETE',
        done: new Set([...(half?.done ?? []), 'uploaded' as const]),
        infohash: call.infohash ?? half?.infohash,
      })
      failed.delete(call.id)
      return true
    case 'failed':
      failed.set(call.id, { count: (failed.get(call.id)?.count ?? 0) + 1, type: call.type })
      return true
    case 'retry':
      failed.delete(call.id)
      return true
    case 'retryFresh':
      if (failed.delete(call.id) && half?.status !== 'COMPLETE') processed.delete(call.id)
      return true
    case 'clear':
      processed.delete(call.id)
      return true
    case 'clearStage': {
      if (half === undefined) return true
      const own = ORDER.indexOf(STATUS[call.stage])
      const status = ORDER.indexOf(half.status) >= own ? (ORDER[own - 1] ?? 'DISCOVERED') : half.status
      const done = new Set([...half.done].filter((other) => other !== call.stage))
      processed.set(call.id, {
        status,
        done,
        infohash:
          call.stage === 'torrent' && (half.done.has('torrent') || ORDER.indexOf(half.status) >= own)
            ? undefined
            : half.infohash,
      })
      return true
    }
    case 'reopen':
      return true
  }
}

async function applyToLedger(ledger: ReleaseLedger, call: Step): Promise<unknown> {
  const release = { asin: call.id }
  switch (call.call) {
    case 'checkpoint':
      return ledger.checkpointStage(release, call.stage, { infohash: call.infohash, skipMetadata: call.skipMetadata })
    case 'processed':
      return ledger.markProcessed(release, { infohash: call.infohash })
    case 'failed':
      return ledger.markFailed(release, call.type === null ? 'no' : new TypeError('no'))
    case 'retry':
      return ledger.retry(call.id)
    case 'retryFresh':
      return ledger.retry(call.id, { fresh: true })
    case 'clear':
      return ledger.clear(call.id)
    case 'clearStage':
      return ledger.clear(call.id, { stage: call.stage })
    case 'reopen':
      return undefined
  }
}

async function contentOf(ledger: ReleaseLedger): Promise<unknown> {
  const { processed, failed, counts } = await ledger.list()
  expect(counts).toEqual({ processed: processed.length, failed: failed.length })
  return {
    processed: sorted(
      processed.map((release) => [
        release.id,
        release.status,
        Object.keys(release.checkpoints).sort(),
        release.infohash,
      ]),
    ),
    failed: sorted(failed.map((release) => [release.id, release.retryCount, release.errorType ?? null])),
  }
}

function contentOfModel({ processed, failed }: Model): unknown {
  return {
    processed: sorted([...processed].map(([key, half]) => [key, half.status, [...half.done].sort(), half.infohash])),
    failed: sorted([...failed].map(([key, { count, type }]) => [key, count, type])),
  }
}

function sorted(rows: unknown[][]): unknown[][] {
  return rows.sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
}

test.each(KINDS)('the ledger does what a plain model does (%s)', { timeout: 60_000 }, async (kind) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const path = join(dir(), `${randomUUID()}${kind === 'sqlite' ? '.db' : '.json'}`)
      const model: Model = { processed: new Map(), failed: new Map() }
      const deps = { now: fakeClock().now }
      let ledger = await openQuietly(path, { storage: kind }, deps)
      try {
        for (const call of steps) {
          const isFine = applyToModel(model, call)
          const applied = applyToLedger(ledger, call)
          if (isFine) await applied
          else await expect(applied).rejects.toMatchObject({ code: 'ERR_INVALID_STATUS_TRANSITION' })
          if (call.call === 'reopen') {
            await ledger.close()
            ledger = await openQuietly(path, { storage: kind }, deps)
          }
          expect(await contentOf(ledger)).toEqual(contentOfModel(model))
        }
        const text = await ledger.export()
        await ledger.close()
        ledger = await openQuietly(path, { storage: kind, readOnly: true }, deps)
        expect(await ledger.export()).toBe(text)
      } finally {
        await ledger.close()
      }
    }),
    { numRuns: kind === 'json' ? 40 : 60 },
  )
})
