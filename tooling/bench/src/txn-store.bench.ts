/**
 * The numbers that @holdfast/txn-store promises, each as a ratio in one run on one file system: transactions one after another beside the least that a durable
 * replacement needs and beside other libraries, many at once, journal mode beside one synced append, several processes, a long history, memory.
 *
 * Usage: node tooling/bench/src/txn-store.bench.ts [--rounds 200] [--seconds 3] [--records 1000000] [--folder <tmp>] [--only sequential,…]
 * `--only`: sequential, in-flight, journal, processes, history, memory. The folder should be on a disk: in memory, syncs are free.
 */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { measureHistory, measureMemory, measureProcesses } from './txn-store/child-rows.ts'
import { printVerdicts, type Verdict } from './txn-store/report.ts'
import { measureInFlight, measureJournal, measureSequential } from './txn-store/timed-rows.ts'

const KB = 1000
const MB = 1000 * KB

/** By the magic number of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs (in memory: syncs are free)',
  2035054128: 'overlayfs',
  26985: 'nfs',
}

await main()

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '3' },
      records: { type: 'string', default: '1000000' },
      folder: { type: 'string', default: tmpdir() },
      only: { type: 'string' },
    },
  })
  const rounds = Number(values.rounds)
  const folder = mkdtempSync(join(values.folder, 'holdfast-bench-'))
  const rows: Record<string, () => Promise<Verdict[]>> = {
    sequential: () =>
      inOrder([
        () => measureSequential(folder, 2 * KB, 0.5, rounds),
        () => measureSequential(folder, 50 * KB, 0.7, rounds),
        () => measureSequential(folder, MB, 0.9, rounds),
      ]),
    'in-flight': () => measureInFlight(folder, 2 * KB, rounds),
    journal: () => inOrder([2 * KB, MB, 10 * MB].map((bytes) => () => measureJournal(folder, bytes, rounds))),
    processes: () => measureProcesses(folder, 2 * KB, Number(values.seconds) * 1000),
    history: () => measureHistory(folder, Number(values.records)),
    memory: () => measureMemory(folder, 50 * MB),
  }
  const names = values.only?.split(',') ?? Object.keys(rows)
  console.log(`In ${values.folder}, ${describeFileSystem(values.folder)}, Node ${process.version}`)
  try {
    printVerdicts(await inOrder(names.map((name) => rows[name] ?? unknownRow(name))))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function inOrder(works: readonly (() => Promise<Verdict[]>)[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (const work of works) verdicts.push(...(await work()))
  return verdicts
}

function unknownRow(name: string): () => never {
  return () => {
    throw new Error(`There is no row '${name}'`)
  }
}

function describeFileSystem(path: string): string {
  const { type } = statfsSync(path)
  return FILE_SYSTEMS[type] ?? `file system 0x${type.toString(16)}`
}
