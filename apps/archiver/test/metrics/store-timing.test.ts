import { describe, expect, test } from 'vitest'
import { type StoreCall, timeCalls } from '../../src/metrics/store-timing.js'

class Store {
  #calls = 0
  readonly location = 'here'
  async get(key: string): Promise<string> {
    this.#calls += 1
    if (key === 'bad') throw new Error('no such key')
    return `${key} ${this.#calls}`
  }
  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {
    this.#calls = 0
  }
}

describe('timeCalls()', () => {
  test('reports every call with its time, also one that fails, and changes no result', async () => {
    let now = 0
    const calls: StoreCall[] = []
    await using store = timeCalls(
      new Store(),
      (call) => calls.push(call),
      () => {
        now += 5
        return now
      },
    )
    expect(await store.get('a')).toBe('a 1')
    await expect(store.get('bad')).rejects.toThrow('no such key')
    expect(store.location).toBe('here')
    await store.close()
    expect(calls).toEqual([
      { operation: 'get', durationMs: 5, failed: false },
      { operation: 'get', durationMs: 5, failed: true },
    ])
  })
})
