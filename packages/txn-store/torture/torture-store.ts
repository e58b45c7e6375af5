import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TxnStoreOptions } from '@holdfast/txn-store'
import { checkSurvival, readTold, type Step } from '../test/survival.ts'

export interface TortureOptions {
  /** An empty folder to work in; what went wrong stays in it. */
  readonly folder: string
  readonly kills: number
  readonly seed: number
  /** Kills with one document, before the next one begins. @default 20 */
  readonly killsPerDocument?: number
}

export interface TortureReport {
  readonly kills: number
  /** Commits that were acknowledged before a kill, and what became of those that were under way. */
  readonly acknowledged: number
  readonly inFlightDone: number
  readonly inFlightUndone: number
  /** Times the store said that it had settled what a kill left. */
  readonly recovered: number
  readonly violations: readonly string[]
}

const WORK = fileURLToPath(new URL('../test/fixtures/random-work.mjs', import.meta.url))

/** Small limits, so that rotation, tidying and compression happen all the time. */
const BASE = { maxBackups: 6, maxLogBytes: 20_000, keepLogFiles: 1_000_000 } as const
const MODES: readonly TxnStoreOptions<object>[] = [
  BASE,
  { ...BASE, journal: true },
  { ...BASE, compressBackups: { algorithm: 'gzip', keepPlain: 2 } },
  { ...BASE, journal: true, compressBackups: { algorithm: 'zstd', keepPlain: 1 } },
]

/** The longest that a process works before it is killed, in milliseconds. */
const MAX_WORK_MS = 120

/** Kills processes that work on a document at random moments and checks what is left after each kill, in another mode each time. */
export async function tortureStore({
  folder,
  kills,
  seed,
  killsPerDocument = 20,
}: TortureOptions): Promise<TortureReport> {
  const random = seededRandom(seed)
  const report = { kills: 0, acknowledged: 0, inFlightDone: 0, inFlightUndone: 0, recovered: 0 }
  const violations: string[] = []
  let steps: readonly Step[] = []
  let document = ''
  while (report.kills < kills) {
    if (report.kills % killsPerDocument === 0) {
      if (document !== '' && violations.length === 0) rmSync(document, { recursive: true })
      document = join(folder, `document-${report.kills / killsPerDocument}`)
      mkdirSync(document)
      steps = []
    }
    const path = join(document, 'pipeline.json')
    const [options = BASE, next = BASE] = [pick(MODES, random), pick(MODES, random)]
    const args = [path, JSON.stringify(options), String(Math.floor(random() * 2 ** 32)), `k${report.kills}`]
    const told = readTold(await workUntilKilled(args, random() * MAX_WORK_MS), steps)
    report.kills += 1
    const found = await checkSurvival(path, next, told).catch((error: unknown) => ({
      violations: [String(error)],
      committed: told.acknowledged,
      recovered: [],
    }))
    const done = found.committed.length - 1 - told.acknowledged.length
    report.acknowledged += told.acknowledged.length - steps.length
    report.inFlightDone += Math.max(0, done)
    report.inFlightUndone += told.inFlight.length - Math.max(0, done)
    report.recovered += found.recovered.length
    violations.push(...found.violations.map((text) => `After kill ${report.kills}, in ${document}: ${text}`))
    if (found.violations.length > 0) break
    steps = found.committed
  }
  return { ...report, violations }
}

/** What the process told until it was killed, so many milliseconds after it had begun to work. */
function workUntilKilled(args: readonly string[], killAfterMs: number): Promise<string> {
  const child = spawn(process.execPath, [WORK, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (stdout === '') setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    stdout += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(stdout)
      else reject(new Error(`The process ended by itself with exit code ${code}:\n${stderr}`))
    })
  })
}

function pick<T>(items: readonly T[], random: () => number): T | undefined {
  return items[Math.floor(random() * items.length)]
}

/** mulberry32: the same seed gives the same choices. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
