import type { StorageOptions } from '@holdfast/txn-store'
import { storageConformanceChecks } from '@holdfast/txn-store/conformance'
import { describe, test } from 'vitest'
import { fileHarness } from './file-harness.ts'
import type { RefusedStep } from './full-disk.ts'

interface Mode {
  readonly name: string
  readonly options: StorageOptions
  readonly refused: RefusedStep
}

const encryption = { key: Buffer.alloc(32, 7) }

const MODES: readonly Mode[] = [
  { name: 'snapshots', options: {}, refused: 'rename' },
  { name: 'a journal', options: { journal: true }, refused: 'write' },
  { name: 'encryption', options: { encryption }, refused: 'write' },
  { name: 'encryption and a journal', options: { journal: true, encryption }, refused: 'write' },
  {
    name: 'compressed backups',
    options: { compressBackups: { algorithm: 'zstd', keepPlain: 1 } },
    refused: 'rename',
  },
]

describe.concurrent.each(MODES)('FileStorage with $name conforms:', ({ options, refused }) => {
  for (const { name, run } of storageConformanceChecks(fileHarness({ options, refused }))) test(name, run)
})
