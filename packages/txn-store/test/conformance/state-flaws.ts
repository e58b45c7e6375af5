import { appendFileSync, copyFileSync } from 'node:fs'
import { applyPatch, type Commit, type DocumentStorage, type JsonObject, openFileStorage } from '@holdfast/txn-store'
import type { Flaw } from './flaws.ts'
import { alter, alterSession, alterSessions } from './spoil.ts'

export const STATE_FLAWS: readonly Flaw[] = [
  {
    name: 'says that a document is there before anybody wrote one',
    caughtBy: {
      'a document that nobody wrote': /exists: true/,
    },
    makeSpoiler: () => (storage) => alter(storage, { read: async () => ({ ...(await storage.read()), exists: true }) }),
  },
  {
    name: 'reads the document once and answers from memory',
    caughtBy: {
      'commit() is what every storage and session reads': /^AssertionError: read\(\) of storage 0, commit 2/,
    },
    makeSpoiler: () => (storage) => {
      let known: ReturnType<DocumentStorage['read']> | undefined
      return alter(storage, {
        read: () => {
          known ??= storage.read()
          return known
        },
      })
    },
  },
  {
    name: 'writes a commit when the next but one comes',
    caughtBy: {
      'every commit survives close() and reopening': /strictly deep-equal/,
      'a process that is killed while it commits': /was acknowledged, but the document is at/,
    },
    makeSpoiler: () => (storage) => writeBehind(storage, false),
  },
  {
    name: 'writes a commit when it is closed',
    caughtBy: {
      'commit() is kept the moment it resolves': /exists: false/,
    },
    makeSpoiler: () => (storage) => writeBehind(storage, true),
  },
  {
    name: 'copies keys without care for __proto__',
    caughtBy: {
      'a document comes back as it was committed': /^AssertionError: keys that objects have by themselves/,
    },
    makeSpoiler: () => (storage) =>
      alter(storage, {
        read: async () => {
          const { data, exists } = await storage.read()
          const copy: JsonObject = {}
          for (const [key, value] of Object.entries(data)) copy[key] = value
          return { data: copy, exists }
        },
      }),
  },
  {
    name: 'takes an empty document for none',
    caughtBy: {
      'a document comes back as it was committed': /^AssertionError: an emptied document/,
    },
    makeSpoiler: () => (storage) =>
      alter(storage, {
        read: async () => {
          const { data } = await storage.read()
          return { data, exists: Object.keys(data).length > 0 }
        },
      }),
  },
  {
    name: 'hands out one object that it changes later',
    caughtBy: {
      'a state that was read stays what it was': /strictly deep-equal/,
    },
    makeSpoiler: () => (storage) => {
      const live: JsonObject = {}
      return alter(storage, {
        read: async () => {
          const { data, exists } = await storage.read()
          for (const key of Object.keys(live)) delete live[key]
          return { data: Object.assign(live, data), exists }
        },
      })
    },
  },
  {
    name: 'commits the entries of a group one after another',
    caughtBy: {
      'readers see the entries of one commit together': /A reader saw a part of a commit/,
    },
    makeSpoiler: () => (storage) =>
      alterSessions(storage, (session) => ({
        commit: async ({ entries }) => {
          let { data } = await session.read()
          let result = { seq: 0 }
          for (const entry of entries) {
            data = applyPatch(data, entry.patch) as JsonObject
            result = await session.commit({ data, entries: [entry] })
          }
          return result
        },
      })),
  },
  {
    name: 'fails when it is closed a second time',
    caughtBy: {
      'close() keeps everything, and a second one': /^Error: closed/,
    },
    makeSpoiler: () => (storage) => {
      let isClosed = false
      return alter(storage, {
        close: async () => {
          if (isClosed) throw new Error('closed')
          isClosed = true
          await storage.close()
        },
      })
    },
  },
  {
    name: 'tries a commit that failed again later',
    caughtBy: {
      'commit() that cannot be written leaves everything': /strictly deep-equal/,
    },
    makeSpoiler: () => (storage) => {
      let failed: Commit | undefined
      return alter(storage, {
        acquire: async (options) => {
          const session = await storage.acquire(options)
          if (failed !== undefined) {
            await session.read()
            await session.commit(failed)
            failed = undefined
          }
          return alterSession(session, () => ({
            commit: (commit) =>
              session.commit(commit).catch((error: unknown) => {
                failed = commit
                throw error
              }),
          }))
        },
      })
    },
  },
  {
    name: 'takes a damaged document for an empty one',
    caughtBy: {
      'a damaged document is an error': /Missing expected rejection.*ERR_STATE_READ/,
    },
    makeSpoiler: () => (storage) =>
      alter(storage, { read: () => storage.read().catch(() => ({ data: {}, exists: false })) }),
  },
  {
    name: 'backs up nothing but what a restore replaces',
    caughtBy: {
      'every state that a commit replaced is kept': /where the state before is kept/,
    },
    options: { backupBeforeWrite: false },
    makeSpoiler: () => (storage) => storage,
  },
  {
    name: 'has one backup that it overwrites',
    caughtBy: {
      'a backup stays what it was': /a name of its own/,
    },
    makeSpoiler: () => (storage) =>
      alterSessions(storage, (session) => ({
        commit: async (commit) => {
          const { seq, backup } = await session.commit(commit)
          const only = `${storage.path}.backup`
          if (backup !== undefined) copyFileSync(backup, only)
          return { seq, backup: backup === undefined ? undefined : only }
        },
      })),
  },
  {
    name: 'keeps backups that change afterwards',
    caughtBy: {
      'a backup stays what it was': /^StateReadError/,
      'a restore is told as one': /^StateReadError/,
    },
    makeSpoiler: () => (storage) =>
      alterSessions(storage, (session) => ({
        commit: async (commit) => {
          const result = await session.commit(commit)
          if (result.backup !== undefined) appendFileSync(result.backup, 'x')
          return result
        },
      })),
  },
  {
    name: 'restores without a backup',
    caughtBy: {
      'a restore is told as one': /where the state before is kept/,
    },
    options: { maxBackups: 0 },
    makeSpoiler: () => (storage) => storage,
  },
  {
    name: 'has a document of its own in each process',
    caughtBy: {
      'processes at work at the same time': /strictly deep-equal/,
    },
    makeSpoiler: () => (storage) => {
      const own = openFileStorage(`${storage.path}.${process.pid}`)
      return alter(storage, {
        read: async () => (await own).read(),
        acquire: async (options) => (await own).acquire(options),
        history: async (limit) => (await own).history(limit),
        close: async () => {
          await (await own).close()
          await storage.close()
        },
      })
    },
  },
]

/** A commit is in memory until the next but one comes: whenever it is killed, one that was acknowledged is lost. */
function writeBehind(storage: DocumentStorage, writesOnClose: boolean): DocumentStorage {
  const unwritten: Commit[] = []
  const write = async (mayWait: number): Promise<void> => {
    for (let commit = unwritten[0]; commit !== undefined && unwritten.length > mayWait; commit = unwritten[0]) {
      const session = await storage.acquire({ timeoutMs: 5000 })
      await session.read()
      await session.commit(commit)
      unwritten.shift()
      await session.release()
    }
  }
  const read = async (stored: () => ReturnType<DocumentStorage['read']>): ReturnType<DocumentStorage['read']> => {
    const newest = unwritten.at(-1)
    return newest === undefined ? stored() : { data: newest.data, exists: true }
  }
  return alter(storage, {
    read: () => read(() => storage.read()),
    acquire: async (options) => {
      await write(1)
      return alterSession(await storage.acquire(options), (session) => ({
        read: () => read(() => session.read()),
        commit: async (commit) => {
          unwritten.push(commit)
          return { seq: 1 }
        },
      }))
    },
    close: async () => {
      if (writesOnClose) await write(0)
      await storage.close()
    },
  })
}
