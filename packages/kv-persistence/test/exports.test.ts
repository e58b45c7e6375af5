import * as kv from '@holdfast/kv-persistence'
import * as conformance from '@holdfast/kv-persistence/conformance'
import { expect, test } from 'vitest'

test('@holdfast/kv-persistence exports', () => {
  expect(Object.keys(kv).sort()).toMatchInlineSnapshot(`
    [
      "CircuitBreaker",
      "KvAccessError",
      "KvClosedError",
      "KvConfigError",
      "KvCorruptError",
      "KvDecodeError",
      "KvNumberError",
      "KvUnavailableError",
      "KvValueError",
      "LeaseLostError",
      "LeasedQueue",
      "MAX_KEY_BYTES",
      "PersistenceManager",
      "RetryManager",
      "StateTracker",
      "closeGlobalStore",
      "configureGlobalStore",
      "createKvStore",
      "createLeasedQueue",
      "createPersistenceManager",
      "createRetryManager",
      "createStateTracker",
      "encodeSegment",
      "getGlobalStore",
      "kvConfigFromEnv",
      "splitKey",
      "writeKey",
    ]
  `)
})

test('@holdfast/kv-persistence/conformance exports', () => {
  expect(Object.keys(conformance).sort()).toMatchInlineSnapshot(`
    [
      "kvConformanceChecks",
    ]
  `)
})
