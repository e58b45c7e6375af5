/** The rows that are measured within this process. */
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

import { TxnStore } from '@holdfast/txn-store'

import { advance, type BenchDocument, documentSchema, formatSize, makeDocument, toText } from './document.ts'
import { appendBarely, replaceBarely } from './floors.ts'
import { measureInTurns, rateRatio } from './in-turns.ts'
import { ASYNC_WRITE_FILE_ATOMIC, openPeers } from './peers.ts'
import { printTimings, type Verdict } from './report.ts'

const FLOOR = 'floor: temporary file, fsync, rename, fsync folder'
const APPEND_FLOOR = 'floor: append the same bytes, fdatasync'
const OURS = 'txn-store: lock, backup, log, validation'
const OURS_JOURNAL = 'txn-store: journal, validation off'
const IN_FLIGHT = 64

/** One transaction after another. */
export async function measureSequential(
  parent: string,
  sizeBytes: number,
  target: number,
  rounds: number,
): Promise<Verdict[]> {
  const folder = makeFolder(parent, `sequential-${sizeBytes}`)
  const document = makeDocument(sizeBytes)
  const bytes = Buffer.from(toText(document))
  await using store = new TxnStore(join(folder, 'document.json'), { schema: documentSchema })
  await store.write(document)
  const peers = await openPeers(makeFolder(folder, 'peers'), document, bytes)
  const timings = await measureInTurns(
    [
      { name: FLOOR, run: () => replaceBarely(join(folder, 'floor.json'), bytes) },
      { name: OURS, run: () => store.transaction((txn) => advance(txn.data)) },
      ...peers.contenders,
    ],
    rounds,
  )
  peers.close()
  const size = formatSize(sizeBytes)
  printTimings(`One transaction after another, ${size} (${bytes.length} bytes)`, timings)
  return [
    { work: `sequential ${size} : floor`, measured: rateRatio(timings, OURS, FLOOR), comparison: 'at least', target },
    {
      work: `sequential ${size} : write-file-atomic`,
      measured: rateRatio(timings, OURS, ASYNC_WRITE_FILE_ATOMIC),
      comparison: 'at least',
      target: 1,
    },
  ]
}

export async function measureInFlight(parent: string, sizeBytes: number, rounds: number): Promise<Verdict[]> {
  const folder = makeFolder(parent, 'in-flight')
  await using store = new TxnStore(join(folder, 'document.json'), { schema: documentSchema })
  await store.write(makeDocument(sizeBytes))
  const one = (): Promise<void> => store.transaction((txn) => advance(txn.data))
  const many = `${IN_FLIGHT} in flight, each`
  const timings = await measureInTurns(
    [
      { name: 'one after another', run: one },
      { name: many, run: () => Promise.all(Array.from({ length: IN_FLIGHT }, one)), operations: IN_FLIGHT },
    ],
    rounds,
  )
  printTimings(`Transactions at the same time, ${formatSize(sizeBytes)}`, timings)
  const measured = rateRatio(timings, many, 'one after another')
  return [{ work: `${IN_FLIGHT} in flight : sequential`, measured, comparison: 'at least', target: 10 }]
}

export async function measureJournal(parent: string, sizeBytes: number, rounds: number): Promise<Verdict[]> {
  const folder = makeFolder(parent, `journal-${sizeBytes}`)
  const path = join(folder, 'document.json')
  await using store = new TxnStore<BenchDocument>(path, { journal: true })
  await store.write(makeDocument(sizeBytes))
  const change = (): Promise<void> =>
    store.transaction(
      ({ data }) => {
        data.updates += 1
      },
      { validate: false },
    )
  const line = 'x'.repeat(
    await measureLine(`${path.replace('document.json', '.pipeline/document.json')}.journal`, change),
  )
  await using file = await open(join(folder, 'floor.log'), 'a')
  const timings = await measureInTurns(
    [
      { name: APPEND_FLOOR, run: () => appendBarely(file, line) },
      { name: OURS_JOURNAL, run: change },
    ],
    rounds,
  )
  const size = formatSize(sizeBytes)
  printTimings(`Journal mode, one field of ${size}, ${line.length} bytes a line`, timings)
  const measured = rateRatio(timings, OURS_JOURNAL, APPEND_FLOOR)
  return [{ work: `journal ${size} : append floor`, measured, comparison: 'at least', target: 0.5 }]
}

/** How long a line in the journal is, so that the floor writes as much. */
async function measureLine(journal: string, change: () => Promise<void>): Promise<number> {
  await change()
  const before = statSync(journal).size
  await change()
  const added = readFileSync(journal).subarray(before)
  if (added.length === 0) throw new Error(`'${journal}' did not grow`)
  return added.length
}

function makeFolder(parent: string, name: string): string {
  const folder = join(parent, name)
  mkdirSync(folder)
  return folder
}
