import { createPersistenceManager, createStateTracker } from '@holdfast/kv-persistence'
import { expect, test } from 'vitest'
import { describeEachBackend } from '../each-backend.js'

describeEachBackend((makeStore) => {
  test('markProcessed() tells new from known, and processed items load as a set', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const persistence = createPersistenceManager('p', { store })
    expect(await persistence.markProcessed('https://a.example/?q=1:2')).toBe(true)
    expect(await persistence.markProcessed('https://a.example/?q=1:2')).toBe(false)
    expect(await persistence.isProcessed('https://a.example/?q=1:2')).toBe(true)
    expect(await persistence.isProcessed('https://a.example/')).toBe(false)
    await persistence.markProcessed('b')
    expect(await persistence.loadProcessedItems()).toEqual(new Set(['https://a.example/?q=1:2', 'b']))
    expect(await persistence.unmarkProcessed('b')).toBe(true)
    expect(await store.ttl(['p', 'processed_items', 'https://a.example/?q=1:2'])).toBeGreaterThan(6.9 * 86_400_000)
  })

  test('saveProcessedItems() makes the set exactly what was given', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const persistence = createPersistenceManager('p', { store })
    expect(await persistence.loadProcessedItems()).toEqual(new Set())
    await persistence.saveProcessedItems(Array.from({ length: 1200 }, (_, n) => `old${n}`))
    await persistence.saveProcessedItems(new Set(['url1', 'url2', 'old7', 'a:b']))
    expect(await persistence.loadProcessedItems()).toEqual(new Set(['url1', 'url2', 'old7', 'a:b']))
    await persistence.markProcessed('')
    await persistence.saveProcessedItems(['%3A', 'x'])
    expect(await persistence.loadProcessedItems()).toEqual(new Set(['%3A', 'x']))
    await persistence.saveProcessedItems(['', 'x'])
    expect(await persistence.loadProcessedItems()).toEqual(new Set(['', 'x']))
    await persistence.saveProcessedItems([])
    expect(await persistence.loadProcessedItems()).toEqual(new Set())
  })

  test('saveState() leaves the caller its object, updateState() merges, names tell states apart', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const persistence = createPersistenceManager('p', { store })
    const state = { currentDate: '2024-01-15', processedCount: 150 }
    await persistence.saveState(state)
    expect(state).toEqual({ currentDate: '2024-01-15', processedCount: 150 })
    expect(await persistence.loadState()).toEqual({ ...state, lastUpdated: expect.stringMatching(/^\d{4}-.*Z$/) })
    await persistence.saveState({ other: true }, '/doc/cor')
    await Promise.all(Array.from({ length: 8 }, (_, n) => persistence.updateState({ [`f${n}`]: n })))
    expect(await persistence.loadState()).toMatchObject({ ...state, f0: 0, f7: 7 })
    expect(await persistence.loadState('/doc/cor')).toMatchObject({ other: true })
    expect(await persistence.loadState('none')).toEqual({})
    await createStateTracker('p', { store }).updateState({ tracker: 1 })
    expect(await persistence.loadState()).not.toHaveProperty('tracker')
  })

  test('errors: saved, counted, filtered by retries, and cleared without touching anything else', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const persistence = createPersistenceManager('p', { store })
    const neighbours = ['p2', 'o', 'pa', 'zz'].map((prefix) => createPersistenceManager(prefix, { store }))
    for (const neighbour of neighbours) await neighbour.saveError('x', 'theirs')
    await persistence.saveState({ kept: 1 })
    await persistence.markProcessed('kept')
    await persistence.saveError('url:1', new Error('Connection timeout'), 2)
    await persistence.saveError('url2', 'other', 3)
    expect(await persistence.getError('url:1')).toMatchObject({
      itemId: 'url:1',
      error: 'Connection timeout',
      retryCount: 2,
    })
    expect((await persistence.getFailedItems({ maxRetries: 3 })).map(({ itemId }) => itemId)).toEqual(['url:1'])
    expect(await persistence.incrementRetryCount('url:1')).toBe(3)
    expect(await persistence.incrementRetryCount('never')).toBe(0)
    expect(await persistence.getFailedItems()).toEqual([])
    expect(await persistence.clearErrors('url2')).toBe(1)
    expect(await persistence.clearErrors()).toBe(1)
    expect(await persistence.clearErrors()).toBe(0)
    expect(await persistence.loadState()).toMatchObject({ kept: 1 })
    expect(await persistence.isProcessed('kept')).toBe(true)
    for (const neighbour of neighbours) expect(await neighbour.getError('x')).toMatchObject({ error: 'theirs' })
  })

  test('incrementRetryCount() loses nothing among many', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const persistence = createPersistenceManager('p', { store })
    await persistence.saveError('x', 'e')
    const counts = await Promise.all(Array.from({ length: 8 }, () => persistence.incrementRetryCount('x')))
    expect(counts.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('saveSessionInfo() keeps the time of the first save', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const persistence = createPersistenceManager('p', { store })
    await persistence.saveSessionInfo('s', { a: 1 })
    const first = await persistence.getSessionInfo('s')
    await persistence.saveSessionInfo('s', { b: 2 })
    expect(await persistence.getSessionInfo('s')).toMatchObject({ b: 2, createdAt: first?.['createdAt'] })
    expect(await persistence.getSessionInfo('none')).toBeUndefined()
  })
})
