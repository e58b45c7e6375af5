import { diff } from '../diff.js'
import { freezeDeep } from '../document/freeze-deep.js'
import type { JsonObject } from '../json.js'
import type {
  Commit,
  CommitEntry,
  Committed,
  DocumentStorage,
  NoteEntry,
  StorageSession,
  StoredDocument,
} from '../storage.js'

/** More than any storage needs that is not at fault. */
const TURN_TIMEOUT_MS = 10_000

/** One commit of as many entries as there are states, each leading to the next. Its data is frozen: a storage must not change what it is given. */
export function commitOf(before: JsonObject, states: readonly JsonObject[], entry: Partial<CommitEntry> = {}): Commit {
  const entries = states.map((state, index) =>
    makeEntry(index === 0 ? before : (states[index - 1] ?? {}), state, entry),
  )
  return { data: freezeDeep(structuredClone(states.at(-1) ?? before)), entries }
}

export function noteOf(kind: NoteEntry['kind'], operation: string, details: NoteEntry['details'] = {}): NoteEntry {
  return { kind, operation, label: undefined, startedAt: Date.now(), durationMs: 0.25, details }
}

/** Runs the work in a turn of its own. */
export async function inTurn<T>(storage: DocumentStorage, work: (session: StorageSession) => Promise<T>): Promise<T> {
  const session = await storage.acquire({ timeoutMs: TURN_TIMEOUT_MS })
  try {
    return await work(session)
  } finally {
    await session.release()
  }
}

/** Makes the document what the function says, in a turn of its own. */
export function change(
  storage: DocumentStorage,
  update: (base: StoredDocument) => JsonObject,
  entry: Partial<CommitEntry> = {},
): Promise<Committed> {
  return inTurn(storage, async (session) => {
    const base = await session.read()
    return session.commit(commitOf(base.data, [update(base)], entry))
  })
}

/** One more in `n`. */
export function increment(storage: DocumentStorage): Promise<Committed> {
  return change(storage, ({ data }) => ({ ...data, n: Number(data['n'] ?? 0) + 1 }), { operation: 'increment' })
}

function makeEntry(before: JsonObject, after: JsonObject, entry: Partial<CommitEntry>): CommitEntry {
  const facts = {
    kind: 'commit',
    operation: 'check',
    label: undefined,
    startedAt: Date.now(),
    durationMs: 1.5,
  } as const
  return { ...facts, patch: diff(before, after), ...entry }
}
