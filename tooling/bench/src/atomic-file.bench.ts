/**
 * Replaces a file of 1 kB and of 1 MB: @holdfast/atomic-file, the least that a durable replacement needs (write, sync, rename, sync of the folder), and
 * write-file-atomic from npm, which does not sync the folder. All in one run and in turns; medians, and ratios to the least.
 *
 * Usage: node tooling/bench/src/atomic-file.bench.ts [rounds] [folder]
 * A folder in memory, such as /dev/shm, where syncs are free, shows what the calls beside the syncs cost.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { writeFileAtomic } from '@holdfast/atomic-file'

type Contender = () => Promise<unknown>

const WARM_UP_ROUNDS = 30
const SIZES_BYTES = [1000, 1_000_000]

await main(Number(process.argv[2] ?? 300), process.argv[3] ?? tmpdir())

async function main(rounds: number, parent: string): Promise<void> {
  const folder = mkdtempSync(join(parent, 'holdfast-bench-'))
  try {
    for (const sizeBytes of SIZES_BYTES) {
      const times = await measure(contenders(folder, Buffer.alloc(sizeBytes, 'x')), rounds)
      print(`${sizeBytes} bytes, ${rounds} rounds in ${parent}`, times)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function contenders(folder: string, data: Buffer): Record<string, Contender> {
  const npm: (path: string, data: Buffer) => Promise<void> = createRequire(import.meta.url)('write-file-atomic')
  const backupPath = join(folder, 'ours.bak')
  return {
    'the least: write, sync, rename, sync folder': () => replaceBarely(folder, data, true),
    'the same without sync of the folder': () => replaceBarely(folder, data, false),
    'holdfast writeFileAtomic': () => writeFileAtomic(join(folder, 'ours'), data),
    'holdfast writeFileAtomic with backup': () => writeFileAtomic(join(folder, 'ours2'), data, { backupPath }),
    'write-file-atomic (no sync of the folder)': () => npm(join(folder, 'theirs'), data),
  }
}

async function replaceBarely(folder: string, data: Buffer, isFolderSynced: boolean): Promise<void> {
  const path = join(folder, 'bare')
  const file = await open(`${path}.tmp`, 'wx')
  await file.write(data)
  await file.sync()
  await file.close()
  await rename(`${path}.tmp`, path)
  if (!isFolderSynced) return
  const directory = await open(folder, 'r')
  await directory.sync()
  await directory.close()
}

/** In turns, there and back, so that a busy moment of the machine and the wake of a contender hit all alike. */
async function measure(all: Record<string, Contender>, rounds: number): Promise<Map<string, number[]>> {
  const times = new Map(Object.keys(all).map((name) => [name, [] as number[]]))
  const there = Object.entries(all)
  const back = there.toReversed()
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const [name, run] of round % 2 === 0 ? there : back) {
      const started = performance.now()
      await run()
      if (round >= 0) times.get(name)?.push(performance.now() - started)
    }
  }
  return times
}

function print(title: string, times: ReadonlyMap<string, readonly number[]>): void {
  const [least = 1] = [...times.values()].map(median)
  console.log(title)
  console.table(
    Object.fromEntries(
      [...times].map(([name, values]) => [
        name,
        {
          'median µs': Math.round(median(values) * 1000),
          'times the least': Number((median(values) / least).toFixed(2)),
        },
      ]),
    ),
  )
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
