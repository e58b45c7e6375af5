import type { JsonObject } from '../json.js'
import type { DocumentStorage } from '../storage.js'
import { commitOf, increment, inTurn } from './commits.js'

/** What a check asks of the other process. */
export type ProcessOrder =
  | { readonly type: 'hold' }
  | { readonly type: 'increment'; readonly times: number }
  | { readonly type: 'commit pairs' }

/** What the other process answers. */
export type ProcessAnswer =
  | { readonly type: 'ready' }
  | { readonly type: 'held' }
  | { readonly type: 'incremented' }
  | { readonly type: 'committed'; readonly n: number }
  | { readonly type: 'failed'; readonly error: string }

/**
 * The other side of `startProcess`: does in this process what the checks ask for, over the channel to its parent, until it is killed.
 *
 * @example serveStorage(await openMyStorage(process.argv[2]))
 */
export function serveStorage(storage: DocumentStorage): void {
  process.on('message', (order: ProcessOrder) => {
    obey(storage, order).catch((error: unknown) => answer({ type: 'failed', error: String(error) }))
  })
  answer({ type: 'ready' })
}

async function obey(storage: DocumentStorage, order: ProcessOrder): Promise<void> {
  switch (order.type) {
    case 'hold': {
      const session = await storage.acquire({ timeoutMs: 5000 })
      await session.read()
      return answer({ type: 'held' })
    }
    case 'increment':
      for (let done = 0; done < order.times; done += 1) await increment(storage)
      return answer({ type: 'incremented' })
    case 'commit pairs':
      for (;;) answer({ type: 'committed', n: await commitPair(storage) })
  }
}

/** Two entries, the document whole only with both. */
function commitPair(storage: DocumentStorage): Promise<number> {
  return inTurn(storage, async (session) => {
    const { data } = await session.read()
    const n = Number(data['a'] ?? 0) + 1
    const half: JsonObject = { ...data, a: n }
    await session.commit(commitOf(data, [half, { ...half, b: n }], { operation: 'pair' }))
    return n
  })
}

function answer(message: ProcessAnswer): void {
  process.send?.(message)
}
