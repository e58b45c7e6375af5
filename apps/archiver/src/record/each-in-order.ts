// Enough for the threads of Node's pool never to wait for the next request; more would take descriptors.
const AT_ONCE = 8

/**
 * The results for all items, in their order, worked on several at a time: one after the other, each would wait for its trip through the thread
 * pool.
 *
 * @throws the failure of the first item, in their order, that failed, once nothing is under way any more; no further item is begun then.
 */
export async function eachInOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array<R>(items.length)
  const failures: { readonly at: number; readonly error: unknown }[] = []
  const queue = items.entries()
  const worker = async (): Promise<void> => {
    for (const [at, item] of queue) {
      if (failures.length > 0) return
      try {
        results[at] = await work(item)
      } catch (error) {
        failures.push({ at, error })
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
  const [first] = failures.sort((one, other) => one.at - other.at)
  if (first !== undefined) throw first.error
  return results
}
