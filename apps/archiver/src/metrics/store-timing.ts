export interface StoreCall {
  readonly operation: string
  readonly durationMs: number
  readonly failed: boolean
}

// biome-ignore lint/suspicious/noExplicitAny: any method of a store
type Method = (...args: any[]) => unknown

/**
 * The same store, every call of which is reported when it has ended. Closing it is no call.
 *
 * @param monotonicMs a clock that only goes forward
 */
export function timeCalls<T extends object>(
  store: T,
  report: (call: StoreCall) => void,
  monotonicMs: () => number = () => performance.now(),
): T {
  const timed = new Map<string, Method>()
  return new Proxy(store, {
    get(target, key) {
      // With the store itself as `this`, which its private fields need.
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      const method = value.bind(target) as Method
      if (typeof key === 'symbol' || key === 'close') return method
      const known = timed.get(key) ?? timeMethod(key, method)
      timed.set(key, known)
      return known
    },
  })

  function timeMethod(operation: string, method: Method): Method {
    return (...args) => {
      const startedAt = monotonicMs()
      const end = (failed: boolean): void => report({ operation, durationMs: monotonicMs() - startedAt, failed })
      const result = method(...args)
      if (result instanceof Promise)
        result.then(
          () => end(false),
          () => end(true),
        )
      return result
    }
  }
}
