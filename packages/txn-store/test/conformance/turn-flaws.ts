import { openSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type DocumentStorage, StateLockError, type StorageSession } from '@holdfast/txn-store'
import type { Flaw } from './flaws.ts'
import { alter, alterSession, alterSessions } from './spoil.ts'

export const TURN_FLAWS: readonly Flaw[] = [
  {
    name: 'lets readers wait for the turn',
    caughtBy: {
      'read() and history() wait for no session': /read\(\) while a session is held: no answer/,
    },
    deadlineMs: 1500,
    makeSpoiler: () => (storage) =>
      alter(storage, {
        read: async () => {
          const session = await storage.acquire({ timeoutMs: 2000 })
          await session.release()
          return storage.read()
        },
      }),
  },
  {
    name: 'excludes nobody',
    caughtBy: {
      'acquire() gives the turn to one at a time': /Missing expected rejection: a second session/,
      'all who wait get a turn': /Two sessions at a time|ERR_STALE_TOKEN|Refused to commit/,
    },
    makeSpoiler: () => excludeNobody,
  },
  {
    name: 'does not look again when a session begins',
    caughtBy: {
      'transactions of several stores at a time': /strictly deep-equal/,
      'all who wait get a turn': /strictly deep-equal/,
    },
    makeSpoiler: () => (storage) => {
      let known = storage.read()
      return alterSessions(storage, (session) => ({
        read: async () => {
          await session.read()
          return known
        },
        commit: async (commit) => {
          known = Promise.resolve({ data: commit.data, exists: true })
          return session.commit(commit)
        },
      }))
    },
  },
  {
    name: 'excludes only those in the same process',
    caughtBy: {
      'the turn of another process keeps this one out': /Missing expected rejection: a second session/,
    },
    makeSpoiler: () => {
      let holders = 0
      return (storage) =>
        alter(storage, {
          acquire: async (options) => {
            if (holders === 0) rmSync(`${storage.path}.lock`, { force: true })
            const session = await storage.acquire(options)
            holders += 1
            return alterSession(session, () => ({
              release: async () => {
                holders -= 1
                await session.release()
              },
            }))
          },
        })
    },
  },
  {
    name: 'leaves the turn to a process that is dead',
    caughtBy: {
      'the turn of another process keeps this one out': /^StateLockError: the file is there/,
    },
    makeSpoiler: () => (storage) =>
      alter(storage, {
        acquire: async (options) => {
          await takeFile(`${storage.path}.turn`, storage.path, Math.min(options.timeoutMs, 300))
          const session = await storage.acquire(options)
          return alterSession(session, () => ({
            release: async () => {
              await session.release()
              rmSync(`${storage.path}.turn`)
            },
          }))
        },
      }),
  },
  {
    name: 'never gives up waiting',
    caughtBy: {
      'acquire() gives up after its time': /acquire\(\): no answer/,
    },
    deadlineMs: 1500,
    makeSpoiler: () => (storage) =>
      alter(storage, { acquire: (options) => storage.acquire({ ...options, timeoutMs: 2000 }) }),
  },
  {
    name: 'does not wait',
    caughtBy: {
      'acquire() gives up after its time': /gave up too early/,
      'all who wait get a turn': /^StateLockError/,
    },
    makeSpoiler: () => (storage) =>
      alter(storage, { acquire: (options) => storage.acquire({ ...options, timeoutMs: 0 }) }),
  },
  {
    name: 'does not say that it was the time',
    caughtBy: {
      'acquire() gives up after its time': /cause.code has to be/,
      'transactions that wait give up each at its own time': /^StateLockError/,
    },
    makeSpoiler: () => (storage) =>
      alter(storage, {
        acquire: (options) =>
          storage.acquire(options).catch((error: unknown) => {
            if (!(error instanceof StateLockError)) throw error
            throw new StateLockError(error.message, { path: storage.path })
          }),
      }),
  },
  {
    name: 'cannot be called off',
    caughtBy: {
      'acquire() that is called off': /Missing expected rejection/,
    },
    makeSpoiler: () => (storage) =>
      alter(storage, { acquire: ({ timeoutMs }) => storage.acquire({ timeoutMs: Math.min(timeoutMs, 2000) }) }),
  },
  {
    name: 'takes the turn after it was called off',
    caughtBy: {
      'acquire() that is called off': /the turn after one that was called off/,
    },
    deadlineMs: 1500,
    makeSpoiler: () => (storage) =>
      alter(storage, {
        acquire: async ({ timeoutMs, signal }) => {
          signal?.throwIfAborted()
          const aborted = new Promise<never>((_, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason))
          })
          const acquired = storage.acquire({ timeoutMs: Math.min(timeoutMs, 2000) })
          acquired.catch(() => undefined)
          return Promise.race([acquired, aborted])
        },
      }),
  },
  {
    name: 'gives every session the same token',
    caughtBy: {
      'the token grows from session to session': /strictly deep-equal/,
    },
    makeSpoiler: () => (storage) => alterSessions(storage, () => ({ token: 1 })),
  },
  {
    name: 'allows one commit in a session',
    caughtBy: {
      'a session may commit several times': /^Error: over/,
    },
    makeSpoiler: () => (storage) =>
      alterSessions(storage, (session) => {
        let isOver = false
        return {
          commit: async (commit) => {
            if (isOver) throw new Error('over')
            isOver = true
            return session.commit(commit)
          },
        }
      }),
  },
  {
    name: 'notes every turn',
    caughtBy: {
      'release() without a commit changes nothing': /strictly deep-equal/,
    },
    makeSpoiler: () => (storage) =>
      alterSessions(storage, (session) => ({
        release: async () => {
          const facts = { operation: 'turn', label: undefined, startedAt: 0, durationMs: 0, details: {} }
          await session.note([{ kind: 'unchanged', ...facts }])
          await session.release()
        },
      })),
  },
  {
    name: 'accepts a base that is no longer the newest',
    caughtBy: {
      'commit() after the turn is refused': /Missing expected rejection/,
      'commit() of a session whose turn was taken away': /Missing expected rejection/,
    },
    makeSpoiler: () => acceptAnyBase,
  },
]

/** Whoever has the turn loses the lock at once. */
function excludeNobody(storage: DocumentStorage): DocumentStorage {
  return alter(storage, {
    acquire: async (options) => {
      const session = await storage.acquire(options)
      rmSync(`${storage.path}.lock`, { force: true })
      return session
    },
  })
}

/** What is refused is committed on the newest state. */
function acceptAnyBase(storage: DocumentStorage): DocumentStorage {
  return alterSessions(storage, (session) => ({
    commit: (commit) =>
      session.commit(commit).catch(async () => {
        rmSync(`${storage.path}.lock`, { force: true })
        const newer: StorageSession = await storage.acquire({ timeoutMs: 2000 })
        try {
          await newer.read()
          return await newer.commit(commit)
        } finally {
          await newer.release()
        }
      }),
  }))
}

/** A turn that is a file, which nobody removes when its maker dies. */
async function takeFile(file: string, path: string, timeoutMs: number): Promise<void> {
  for (const started = performance.now(); ; ) {
    try {
      openSync(file, 'wx')
      return
    } catch {
      if (performance.now() - started > timeoutMs) {
        throw new StateLockError('the file is there', {
          path,
          cause: Object.assign(new Error(), { code: 'ERR_LOCK_TIMEOUT' }),
        })
      }
      await sleep(5)
    }
  }
}
