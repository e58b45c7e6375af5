/**
 * The release ledger beside its floors, in turns: one more release marked as processed, in the JSON file beside writing the same bytes with one temporary
 * file, sync, rename and sync of the folder; in SQLite and in the journal beside one bare commit of node:sqlite (WAL, synchronous FULL). Then the bytes
 * that one whole release writes (three checkpoints, then processed).
 *
 * Usage: node tooling/bench/src/ledger.bench.ts [entries] [rounds] [folder]
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { convertLedger, ReleaseLedger } from '@holdfast/state'

const WARM_UP = 5
/** What one release writes of a ledger of 10,000 entries in the Python original: four rewrites, each with a copy. */
const ORIGINAL_BYTES = 85_000_000

interface Contender {
  readonly name: string
  readonly run: (round: number) => Promise<void> | void
  readonly times: number[]
}

const [entries, rounds, folder] = process.argv.slice(2)
await main(Number(entries ?? 10_000), Number(rounds ?? 30), folder ?? tmpdir())

async function main(count: number, roundCount: number, parent: string): Promise<void> {
  const root = mkdtempSync(join(parent, 'holdfast-bench-'))
  try {
    const json = await measureJson(join(root, 'json'), count, roundCount)
    const small = await measureCommits(join(root, 'small'), count, roundCount * 10)
    const large = await measureCommits(join(root, 'large'), count * 10, roundCount * 10)
    console.log(`one release marked as processed, median of ${roundCount} rounds (10 times as many for commits)`)
    print(
      `JSON file, ${count} entries (${json.megabytes.toFixed(1)} MB)`,
      json.ours,
      json.floor,
      'write the same bytes, 3 at most',
    )
    for (const [size, result] of [
      [count, small],
      [count * 10, large],
    ] as const) {
      print(`SQLite, ${size} entries`, result.sqlite, result.floor, 'bare commit, 4 at most')
      print(`journal, ${size} entries`, result.journal, result.floor, 'bare commit; SQLite is for large ledgers')
    }
    // Each beside the floor of its own minute, since that moves.
    for (const name of ['sqlite', 'journal'] as const) {
      const growth = large[name] / large.floor / (small[name] / small.floor)
      console.log(
        `  ${name}: ${growth.toFixed(2)} times as much beside the floor with ten times the entries (${name === 'sqlite' ? '1.2 at most' : 'no limit'})`,
      )
    }
    for (const [name, bytes] of [
      ['JSON file', json.bytes],
      ['SQLite', small.sqliteBytes],
      ['journal', small.journalBytes],
    ] as const) {
      const percent = ((bytes / ORIGINAL_BYTES) * 100).toFixed(2)
      console.log(
        `  bytes written for one release, ${count} entries, ${name}: ${bytes} (${percent} % of the original's at 10,000)`,
      )
    }
  } finally {
    rmSync(root, { recursive: true })
  }
}

async function measureJson(root: string, count: number, roundCount: number) {
  mkdirSync(root)
  const path = join(root, 'processed.json')
  writeFileSync(path, ledgerText(count))
  await using ledger = await ReleaseLedger.open(path)
  const bytes = readFileSync(path)
  const ours: Contender = { name: 'ours', run: (round) => mark(ledger, round), times: [] }
  const floor: Contender = { name: 'floor', run: () => replace(join(root, 'floor.json'), bytes), times: [] }
  await inTurns([ours, floor], roundCount)
  return {
    ours: median(ours.times),
    floor: median(floor.times),
    megabytes: bytes.length / 1e6,
    bytes: await bytesOfRelease(ledger),
  }
}

async function measureCommits(root: string, count: number, roundCount: number) {
  mkdirSync(root)
  const path = join(root, 'processed.json')
  writeFileSync(path, ledgerText(count))
  await convertLedger(path, join(root, 'processed.db'))
  await using journal = await ReleaseLedger.open(path, { storage: 'journal' })
  await using sqlite = await ReleaseLedger.open(join(root, 'processed.db'))
  using bare = openBare(join(root, 'bare.db'))
  const ours: Contender = { name: 'sqlite', run: (round) => mark(sqlite, round), times: [] }
  const other: Contender = { name: 'journal', run: (round) => mark(journal, round), times: [] }
  const floor: Contender = { name: 'floor', run: (round) => bare.insert(round), times: [] }
  await inTurns([ours, floor, other], roundCount)
  return {
    sqlite: median(ours.times),
    journal: median(other.times),
    floor: median(floor.times),
    sqliteBytes: await bytesOfRelease(sqlite),
    journalBytes: await bytesOfRelease(journal),
  }
}

async function inTurns(contenders: readonly Contender[], roundCount: number): Promise<void> {
  const back = contenders.toReversed()
  for (let round = -WARM_UP; round < roundCount; round += 1) {
    for (const { run, times } of round % 2 === 0 ? contenders : back) {
      const started = performance.now()
      await run(round)
      if (round >= 0) times.push(performance.now() - started)
    }
  }
}

async function mark(ledger: ReleaseLedger, round: number): Promise<void> {
  const name = `New Release ${round}`
  await ledger.markProcessed(
    { asin: `B1NEW${String(round + WARM_UP).padStart(5, '0')}`, title: name, author: 'Ida Marsh', ...pathsOf(name) },
    { infohash: infohash(round) },
  )
}

/** All bytes given to the system in writing, as Linux counts them. */
async function bytesOfRelease(ledger: ReleaseLedger): Promise<number> {
  const release = {
    asin: 'B2RELEASE1',
    title: 'One Whole Release',
    author: 'Rae Quill',
    ...pathsOf('One Whole Release'),
  }
  const before = bytesWritten()
  await ledger.checkpointStage(release, 'staged')
  await ledger.checkpointStage(release, 'metadata')
  await ledger.checkpointStage(release, 'torrent', { infohash: infohash(1) })
  await ledger.markProcessed(release)
  return bytesWritten() - before
}

function bytesWritten(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}

function replace(path: string, bytes: Uint8Array): void {
  const file = openSync(`${path}.tmp`, 'w')
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
  fsyncSync(file)
  closeSync(file)
  renameSync(`${path}.tmp`, path)
  const directory = openSync(join(path, '..'), 'r')
  fsyncSync(directory)
  closeSync(directory)
}

function openBare(path: string): { insert(round: number): void; [Symbol.dispose](): void } {
  const database = new DatabaseSync(path)
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (id TEXT PRIMARY KEY, entry TEXT)',
  )
  const statement = database.prepare('INSERT OR REPLACE INTO t VALUES (?, ?)')
  return {
    insert: (round) => void statement.run(`id${round}`, 'x'.repeat(700)),
    [Symbol.dispose]: () => database.close(),
  }
}

/** Entries of the size that real ones have: folder names are long, and the torrent's path repeats them. */
function ledgerText(count: number): string {
  const entryLines = Array.from({ length: count }, (_, index) => {
    const id = `B0${String(index).padStart(8, '0')}`
    const title = `The Long Title of a Book of Some Length, Volume ${index} of the Series`
    const { stagingDir, torrentPath } = pathsOf(title)
    const entry = {
      asin: id,
      author: 'An Author of Some Name, and Another',
      checkpoints: Object.fromEntries(
        ['metadata_at', 'staged_at', 'torrent_at', 'uploaded_at'].map((key) => [key, '2026-03-01T20:59:58.771200']),
      ),
      infohash: infohash(index),
      processed_at: '2026-03-01T20:59:58.771190',
      staging_dir: stagingDir,
      status: 'COMPLETE',
      title,
      torrent_path: torrentPath,
    }
    return `    ${JSON.stringify(id)}: ${JSON.stringify(entry, null, 2).replaceAll('\n', '\n    ')}`
  })
  return `{\n  "failed": {},\n  "processed": {\n${entryLines.join(',\n')}\n  },\n  "version": 2\n}`
}

function pathsOf(title: string): { readonly stagingDir: string; readonly torrentPath: string } {
  const name = `${title} (2026) (An Author of Some Name) {ASIN.B0EXAMPLE1} [Release Group of the Year]`
  return { stagingDir: `/srv/library/seed/${name}`, torrentPath: `/srv/library/torrents/${name}/${name}.torrent` }
}

function infohash(seed: number): string {
  return String(seed).padStart(40, 'a')
}

function print(what: string, ours: number, floor: number, limit: string): void {
  console.log(
    `  ${what}: ${ours.toFixed(2)} ms, floor ${floor.toFixed(2)} ms, ${(ours / floor).toFixed(2)} x (${limit})`,
  )
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
