import { kvConformanceChecks } from '@holdfast/kv-persistence/conformance'
import { describe, test } from 'vitest'
import { memoryTestStore } from './stores.js'

describe('memory', () => {
  test.each(kvConformanceChecks({ createStore: memoryTestStore, shared: false }))('$name', ({ run }) => run())
})
