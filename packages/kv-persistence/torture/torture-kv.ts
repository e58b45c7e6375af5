/**
 * Processes that work on one store and are killed with SIGKILL at random moments. What has to hold in the end: every put and pair that was acknowledged
 * is there, no pair is half, the counter counts each acknowledged increment once and at most one more per kill, every item that was taken into the queue
 * was acknowledged to exactly one consumer (or to one that was killed before it could tell), and the queue is empty.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createKvStore, type KvStore, type KvStoreOptions } from '@holdfast/kv-persistence'

export interface KvTortureOptions {
  readonly store: KvStoreOptions
  readonly kills: number
  /** At the same time. @default 3 */
  readonly workers?: number
  /** @default Math.random */
  readonly random?: () => number
}

export interface KvTortureReport {
  readonly kills: number
  readonly acknowledged: number
  readonly violations: readonly string[]
}

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))
const LONGEST_LIFE_MS = 250

interface Life {
  readonly id: string
  readonly child: ChildProcess
  readonly lines: () => readonly string[]
}

export async function tortureKv(options: KvTortureOptions): Promise<KvTortureReport> {
  const { store: storeOptions, kills, workers = 3, random = Math.random } = options
  await using store = await createKvStore(storeOptions)
  const lives: Life[] = []
  const begin = async (): Promise<Life> => {
    const life = startWorker(`w${lives.length}`, storeOptions)
    lives.push(life)
    while (!life.lines().includes('ready') && life.child.exitCode === null) await sleep(2)
    return life
  }
  const running = await Promise.all(Array.from({ length: workers }, begin))
  for (let kill = 0; kill < kills; kill += 1) {
    await sleep(random() * LONGEST_LIFE_MS)
    const index = Math.floor(random() * running.length)
    running[index]?.child.kill('SIGKILL')
    await ended(running[index])
    running[index] = await begin()
  }
  const [last, ...others] = running
  for (const life of others) await endGently(life)
  await store.put('ending', last?.id)
  await endGently(last)
  const violations = [...badExits(lives, kills), ...(await findViolations(store, lives, kills))]
  const acknowledged = lives.reduce((sum, life) => sum + life.lines().length, 0)
  return { kills, acknowledged, violations }
}

function startWorker(id: string, store: KvStoreOptions): Life {
  const child = spawn(process.execPath, [WORKER, id, JSON.stringify(store)], { stdio: ['pipe', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stdin.on('error', () => undefined)
  // A line that a kill cut off says nothing.
  return { id, child, lines: () => said.split('\n').slice(0, -1) }
}

async function ended(life: Life | undefined): Promise<void> {
  if (life !== undefined && life.child.exitCode === null && life.child.signalCode === null)
    await once(life.child, 'close')
}

async function endGently(life: Life | undefined): Promise<void> {
  life?.child.stdin?.end()
  await ended(life)
}

function badExits(lives: readonly Life[], kills: number): string[] {
  const killed = lives.filter(({ child }) => child.signalCode === 'SIGKILL').length
  const failed = lives.filter(({ child }) => child.signalCode === null && child.exitCode !== 0)
  return [
    ...failed.map(({ id, child }) => `Worker ${id} ended with ${child.exitCode}`),
    ...(killed === kills ? [] : [`${killed} workers were killed, not ${kills}`]),
  ]
}

async function findViolations(store: KvStore, lives: readonly Life[], kills: number): Promise<string[]> {
  const violations: string[] = []
  for (const life of lives) violations.push(...(await findLostWrites(store, life)))
  const lines = lives.flatMap((life) => life.lines())
  const counted = lines.filter((line) => line === 'counted').length
  const counter = (await store.get<number>('counter')) ?? 0
  if (counter < counted || counter > counted + kills) violations.push(`Counted ${counted}, the counter says ${counter}`)
  violations.push(...(await findLostItems(store, lines, kills)))
  return violations
}

async function findLostWrites(store: KvStore, { id, lines }: Life): Promise<string[]> {
  const violations: string[] = []
  const stored = async (kind: string): Promise<Set<string>> => {
    const found = new Set<string>()
    for await (const { key } of store.scan([kind, id])) found.add(key.split(':').at(-1) ?? '')
    return found
  }
  const [single, left, right] = [await stored('single'), await stored('left'), await stored('right')]
  for (const line of lines()) {
    const [what = '', n = ''] = line.split(' ')
    if (what === 'put' && !single.has(n)) violations.push(`Put ${n} of ${id} is lost`)
    if (what === 'pair' && !(left.has(n) && right.has(n))) violations.push(`Pair ${n} of ${id} is lost`)
  }
  for (const n of left.symmetricDifference(right)) violations.push(`Pair ${n} of ${id} is half`)
  return violations
}

async function findLostItems(store: KvStore, lines: readonly string[], kills: number): Promise<string[]> {
  const violations: string[] = []
  const named = (what: string): string[] =>
    lines.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1))
  const done = named('done')
  const distinct = new Set(done)
  if (distinct.size !== done.length) violations.push(`${done.length - distinct.size} items were acknowledged twice`)
  // A consumer that was killed between an ack and its line took up to two items with it.
  const untold = named('enqueued').filter((item) => !distinct.has(item))
  if (untold.length > 2 * kills) violations.push(`${untold.length} items are lost: ${untold.slice(0, 5).join(', ')}`)
  for (const level of ['item', 'payload', 'ready', 'delayed', 'leased', 'dead']) {
    for await (const { key } of store.scan(['q', 'queue', level])) violations.push(`Left in the queue: ${key}`)
  }
  return violations
}
