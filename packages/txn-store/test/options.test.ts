import { describe, expect, test } from 'vitest'
import { TxnStore } from '../src/index.js'

describe('options that cannot be', () => {
  test.each([
    { maxBackups: -1 },
    { maxBackups: 1.5 },
    { maxBackups: Number.NaN },
    { maxBackupAgeMs: 0 },
    { lockTimeoutMs: -1 },
    { lockTimeoutMs: Number.NaN },
    { maxPatchBytes: -1 },
    { maxLogBytes: Number.POSITIVE_INFINITY },
    { keepLogFiles: 0.5 },
  ])('%o is a RangeError that shows the value', (options) => {
    expect(() => new TxnStore('state.json', options)).toThrow(RangeError)
    expect(() => new TxnStore('state.json', options)).toThrow(String(Object.values(options)[0]))
  })
})
