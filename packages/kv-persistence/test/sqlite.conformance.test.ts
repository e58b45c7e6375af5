import { kvConformanceChecks } from '@holdfast/kv-persistence/conformance'
import { useTempDir } from '@holdfast/testkit'
import { describe, test } from 'vitest'
import { sqliteTestStore } from './stores.js'

const dir = useTempDir()

describe('sqlite', () => {
  test.each(kvConformanceChecks({ createStore: () => sqliteTestStore(dir()) }))('$name', ({ run }) => run())
})
