import type { TransactionRecord } from '@holdfast/txn-store'
import type { Flaw } from './flaws.ts'
import { alter, alterSessions } from './spoil.ts'

export const HISTORY_FLAWS: readonly Flaw[] = [
  {
    name: 'tells the oldest first',
    caughtBy: {
      'history() tells who committed what, newest first': /strictly deep-equal/,
    },
    makeSpoiler: () => (storage) =>
      alter(storage, { history: async (limit) => (await storage.history(limit)).toReversed() }),
  },
  {
    name: 'tells all of the history, whatever the limit',
    caughtBy: {
      'history(limit) gives that many': /strictly deep-equal/,
    },
    makeSpoiler: () => (storage) => alter(storage, { history: () => storage.history(1000) }),
  },
  {
    name: 'tells only what came since it was opened',
    caughtBy: {
      'history() forgets nothing by reopening': /0 !== 20/,
    },
    makeSpoiler: () => (storage) => {
      const before = storage.history(10_000).then(({ length }) => length)
      return alter(storage, {
        history: async (limit) => {
          const records = await storage.history(10_000)
          return records.slice(0, records.length - (await before)).slice(0, limit)
        },
      })
    },
  },
  {
    name: 'tells the first of several changes',
    caughtBy: {
      'history() tells each change': /^AssertionError: The change of commit/,
    },
    makeSpoiler: () => (storage) =>
      alter(storage, {
        history: async (limit) =>
          (await storage.history(limit)).map(({ patch, changed, ...record }) =>
            patch === undefined || changed === undefined
              ? record
              : { ...record, patch: patch.slice(0, 1), changed: changed.slice(0, 1) },
          ),
      }),
  },
  {
    name: 'numbers commits, not entries',
    caughtBy: {
      'the entries of one commit are told one by one': /Each entry has a sequence number/,
    },
    makeSpoiler: () => (storage) =>
      alterSessions(storage, (session) => ({
        commit: async (commit) => {
          const { seq, backup } = await session.commit(commit)
          return { seq: seq - commit.entries.length + 1, backup }
        },
      })),
  },
  {
    name: 'forgets notes',
    caughtBy: {
      'notes are told as what they are': /failed_rollback/,
      'notes alone make no document': /failed_rollback/,
    },
    makeSpoiler: () => (storage) => alterSessions(storage, () => ({ note: async () => undefined })),
  },
  {
    name: 'makes an empty document when it notes something',
    caughtBy: {
      'notes alone make no document': /exists: true/,
    },
    makeSpoiler: () => (storage) =>
      alterSessions(storage, (session) => ({
        note: async (notes) => {
          const { data } = await session.read()
          await session.commit({ data, entries: [], notes })
        },
      })),
  },
  {
    name: 'fails when it cannot note something',
    caughtBy: {
      'note() that cannot be written is no error': /^StateWriteError/,
    },
    makeSpoiler: () => (storage) =>
      alterSessions(storage, (session) => ({
        note: async (notes) => {
          const { data } = await session.read()
          await session.commit({ data, entries: [], notes })
        },
      })),
  },
  {
    name: 'commits nothing when there is something to note',
    caughtBy: {
      'a transaction that fails takes nothing of those beside it': /'fulfilled'/,
    },
    makeSpoiler: () => (storage) =>
      alterSessions(storage, (session) => ({
        commit: async (commit) => {
          if ((commit.notes ?? []).length > 0) throw new Error('a transaction failed')
          return session.commit(commit)
        },
      })),
  },
  {
    name: 'tells commits that were refused as done',
    caughtBy: {
      'commit() after the turn is refused': /stale_commit/,
      'commit() that cannot be written leaves everything': /lost_commit/,
    },
    makeSpoiler: () => {
      const refused: TransactionRecord[] = []
      return (storage) =>
        alter(
          alterSessions(storage, (session) => ({
            commit: (commit) =>
              session.commit(commit).catch((error: unknown) => {
                for (const { kind, operation } of commit.entries) {
                  const facts = { timestamp: new Date().toISOString(), pid: process.pid, details: {} }
                  refused.push({ ...facts, kind, operation: `${operation}_commit`, success: true })
                }
                throw error
              }),
          })),
          { history: async (limit) => [...refused, ...(await storage.history(limit))].slice(0, limit) },
        )
    },
  },
]
