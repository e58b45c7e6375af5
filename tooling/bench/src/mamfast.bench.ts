/**
 * The commands of mamfast on a large ledger as whole processes, from the start to the exit, beside their floor: `node -e` that reads and parses the same
 * file. The runs of all take turns, so that other work on the machine hits all alike.
 *
 * Usage: node tooling/bench/src/mamfast.bench.ts [entries] [rounds] [folder]
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LIMIT = 4
const SINK = openSync('/dev/null', 'w')
const BIN = fileURLToPath(new URL('bin/mamfast.js', import.meta.resolve('@holdfast/mamfast/package.json')))

const [entries, rounds, folder] = process.argv.slice(2)
main(Number(entries ?? 10_000), Number(rounds ?? 11), folder ?? tmpdir())

function main(count: number, roundCount: number, parent: string): void {
  const root = mkdtempSync(join(parent, 'holdfast-bench-'))
  try {
    const path = join(root, 'processed.json')
    writeFileSync(path, JSON.stringify(makeLedger(count), null, 2))
    const works = [
      {
        name: 'node -e, read and parse',
        args: ['-e', `JSON.parse(require('fs').readFileSync(${JSON.stringify(path)},'utf8'))`],
      },
      { name: 'state list', args: [BIN, 'state', 'list', '-s', path] },
      { name: 'state list --json', args: [BIN, 'state', 'list', '--json', '-s', path] },
      { name: 'state export', args: [BIN, 'state', 'export', '-s', path] },
      { name: 'state export -o', args: [BIN, 'state', 'export', '-o', join(root, 'out.json'), '-s', path] },
    ].map((work) => ({ ...work, times: [] as number[] }))
    for (let round = 0; round < roundCount; round += 1) {
      for (const { args, times } of works) times.push(timeOf(args))
    }
    const floor = medianOf(works[0]?.times ?? [])
    console.log(
      `${count} entries, ${(statSync(path).size / 1e6).toFixed(1)} MB, median of ${roundCount} whole processes`,
    )
    for (const { name, times } of works) {
      const ratio = medianOf(times) / floor
      const verdict =
        times === works[0]?.times ? '' : `${ratio.toFixed(2)} (limit ${LIMIT})${ratio > LIMIT ? ' EXCEEDED' : ''}`
      console.log(`${name.padEnd(24)} ${medianOf(times).toFixed(0).padStart(5)} ms  ${verdict}`)
    }
  } finally {
    rmSync(root, { recursive: true })
  }
}

function timeOf(args: readonly string[]): number {
  const started = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', SINK, 'pipe'], encoding: 'utf8' })
  const elapsed = performance.now() - started
  if (status !== 0) throw new Error(`${args.join(' ')} ended with exit code ${status}:\n${stderr}`)
  return elapsed
}

function medianOf(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}

/** Entries of the size that real ones have, folder names included. */
function makeLedger(count: number): object {
  const processed: Record<string, object> = {}
  for (let index = 0; index < count; index += 1) {
    const asin = `B0${String(index).padStart(8, '0')}`
    const name = `Author Number ${index % 97} - The Long Title of Book ${index} vol_${index % 9} (2024) (Narrator ${index % 31}) {ASIN.${asin}} [Ripper]`
    const at = `2026-03-${String(1 + (index % 28)).padStart(2, '0')}T20:59`
    processed[asin] = {
      asin,
      author: `Author Number ${index % 97}`,
      checkpoints: {
        metadata_at: `${at}:50.771200`,
        staged_at: `${at}:51.771200`,
        torrent_at: `${at}:52.771200`,
        uploaded_at: `${at}:53.771200`,
      },
      infohash: index.toString(16).padStart(40, '0'),
      processed_at: `${at}:53.771190`,
      staging_dir: `/srv/data/audio/audiobooks/seed/${name}`,
      status: 'COMPLETE',
      title: `The Long Title of Book ${index}`,
      torrent_path: `/srv/data/downloads/torrents/torrentfiles/${name}/${name}.torrent`,
    }
  }
  return { failed: {}, processed, version: 2 }
}
