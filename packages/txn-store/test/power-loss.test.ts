/**
 * What is done to the files is recorded, and every state that a power failure may leave is laid out and opened, with a journaling file system (`ordered`)
 * and with one that keeps no more than POSIX promises (`unordered`). Invariant: see `survival.ts`; acknowledged means durable.
 */
import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { powerLossSweep, recordFileSystem } from '@holdfast/testkit/power-loss'
import { TxnStore, type TxnStoreOptions } from '@holdfast/txn-store'
import { describe, expect, test } from 'vitest'
import { checkSurvival, type Step } from './survival.ts'

const dir = useTempDir()
const folder = (): string => join(dir(), 'folder')

interface Work {
  /** Commits this state and marks it as begun and acknowledged. */
  commit(operation: string, data: object): Promise<void>
  restore(operation: string, backup: string): Promise<void>
  readonly store: TxnStore<object>
}

interface Scenario {
  readonly name: string
  readonly options: TxnStoreOptions<object>
  readonly run: (work: Work) => Promise<void>
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'commits from the very first on',
    options: {},
    run: async ({ commit }) => {
      await commit('op-1', { n: 1 })
      await commit('op-2', { n: 2, text: 'x'.repeat(500) })
    },
  },
  {
    name: 'commits that wait for each other',
    options: {},
    run: async ({ commit }) => {
      await commit('op-1', { n: 1 })
      await Promise.all([2, 3].map((n) => commit(`op-${n}`, { n })))
    },
  },
  {
    name: 'a journal and its checkpoint',
    options: { journal: true },
    run: async ({ commit, store }) => {
      await commit('op-1', { n: 1 })
      await commit('op-2', { n: 2, text: 'x'.repeat(500) })
      await store.checkpoint()
      await commit('op-3', { n: 3 })
    },
  },
  {
    name: 'a rotation of the history',
    options: { maxLogBytes: 1, keepLogFiles: 20 },
    run: async ({ commit }) => {
      await commit('op-1', { n: 1 })
      await commit('op-2', { n: 2 })
    },
  },
  {
    name: 'a restore',
    options: {},
    run: async ({ commit, restore, store }) => {
      await commit('op-1', { n: 1 })
      await commit('op-2', { n: 2 })
      const [backup = ''] = await store.listBackups()
      await restore('restored', backup)
    },
  },
  {
    name: 'backups beyond the limit, compressed',
    options: { maxBackups: 3, compressBackups: { algorithm: 'gzip', keepPlain: 1 } },
    run: async ({ commit, store }) => {
      for (const n of [1, 2, 3]) await commit(`op-${n}`, { n })
      await store.listBackups()
      for (const n of [4, 5]) await commit(`op-${n}`, { n })
      await store.listBackups()
    },
  },
]

describe.each(['ordered', 'unordered'] as const)('%s: after a power failure', (mode) => {
  test.for(SCENARIOS)('$name: nothing acknowledged is lost and everything is whole', async ({ options, run }) => {
    mkdirSync(folder())
    const { fs, mark, recording } = recordFileSystem(folder())
    const store = new TxnStore(join(folder(), 'pipeline.json'), options, { fs })
    const steps: Step[] = []
    const told = async (step: Step, work: () => Promise<unknown>): Promise<void> => {
      steps.push(step)
      mark(`begin ${step.operation}`)
      await work()
      mark(`end ${step.operation}`)
    }
    await run({
      store,
      commit: (operation, data) => told({ operation, data }, () => store.write(data, { operation })),
      restore: async (operation, backup) => {
        const data = await store.readBackup(backup)
        await told({ operation, data }, () => store.restoreBackup(backup, { operation }))
      },
    })
    await store.close()

    const found = new Set<string>()
    const states = await powerLossSweep(
      recording(),
      { mode, maxStates: 6, scratch: dir() },
      async (directory, { acknowledged: marks }) => {
        const count = (word: string): number => marks.filter((label) => label.startsWith(word)).length
        const [begun, ended] = [count('begin '), count('end ')]
        buryWriter(directory)
        const { violations, committed } = await checkSurvival(join(directory, 'pipeline.json'), options, {
          acknowledged: steps.slice(0, ended),
          inFlight: steps.slice(ended, begun),
        })
        expect(violations).toEqual([])
        found.add(`${begun - ended} in flight, ${committed.length - 1 - ended} of them there`)
      },
    )
    expect([...found]).toEqual(expect.arrayContaining(['1 in flight, 0 of them there', '1 in flight, 1 of them there']))
    expect(states).toBeGreaterThan(30)
  })
})

/** Temporary files carry the identity of their writer, which is not alive any more after a power failure. */
function buryWriter(directory: string): void {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.tmp'))
      renameSync(join(directory, name), join(directory, name.replace(`-${process.pid}-`, '-1-')))
  }
}
