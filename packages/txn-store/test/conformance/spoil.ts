import type { DocumentStorage, StorageSession } from '@holdfast/txn-store'

/** The storage, with some of its methods replaced. */
export function alter(storage: DocumentStorage, changes: Partial<DocumentStorage>): DocumentStorage {
  return {
    path: storage.path,
    read: () => storage.read(),
    acquire: (options) => storage.acquire(options),
    history: (limit) => storage.history(limit),
    close: () => storage.close(),
    ...changes,
  }
}

/** The storage, with some methods of its sessions replaced. */
export function alterSessions(
  storage: DocumentStorage,
  changesOf: (session: StorageSession) => Partial<StorageSession>,
): DocumentStorage {
  return alter(storage, {
    acquire: async (options) => alterSession(await storage.acquire(options), changesOf),
  })
}

export function alterSession(
  session: StorageSession,
  changesOf: (session: StorageSession) => Partial<StorageSession>,
): StorageSession {
  return {
    token: session.token,
    read: () => session.read(),
    commit: (commit) => session.commit(commit),
    note: (notes) => session.note(notes),
    release: () => session.release(),
    ...changesOf(session),
  }
}
