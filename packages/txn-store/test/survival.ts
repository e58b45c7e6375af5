/**
 * What has to hold after any crash, checked through the public interface alone: the document is the last acknowledged commit or one in flight, whole; the
 * history lists exactly the committed ones and its chain holds; reading changes nothing; a new commit works and leaves no temporary files behind.
 */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { TxnStore, type TxnStoreOptions } from '@holdfast/txn-store'

/** A commit, and the document as it is after it. */
export interface Step {
  readonly operation: string
  readonly data: object
}

export interface Told {
  /** In their order; those that follow were begun after these. */
  readonly acknowledged: readonly Step[]
  /** Begun and not acknowledged, in their order. */
  readonly inFlight: readonly Step[]
}

type StoreOptions = TxnStoreOptions<object>

/** Reads what `fixtures/tell.mjs` wrote; commits of one process are acknowledged in their order. */
export function readTold(stdout: string, before: readonly Step[] = []): Told {
  const acknowledged = [...before]
  const inFlight: Step[] = []
  for (const line of stdout.split('\n').slice(0, -1)) {
    const { begin, end }: { begin?: Step; end?: string } = JSON.parse(line)
    if (begin !== undefined) inFlight.push(begin)
    if (end === undefined) continue
    const first = inFlight.shift()
    if (first?.operation !== end) throw new Error(`'${end}' was acknowledged before '${first?.operation}'`)
    acknowledged.push(first)
  }
  return { acknowledged, inFlight }
}

export interface Survival {
  readonly violations: readonly string[]
  /** Those of the steps that were committed, and the commit that the check itself made. */
  readonly committed: readonly Step[]
  /** What the store said it had recovered, besides removing temporary files. */
  readonly recovered: readonly string[]
}

/** Opens what a crash has left, in one mode and then in the other. */
export async function checkSurvival(path: string, options: StoreOptions, told: Told): Promise<Survival> {
  const { acknowledged, inFlight } = told
  const steps = [...acknowledged, ...inFlight]
  const violations: string[] = []
  const expectSame = (what: string, found: unknown, expected: unknown): void => {
    const [a, b] = [textOf(found), textOf(expected)]
    if (a !== b) violations.push(`${what}: ${shortened(a)} instead of ${shortened(b)}`)
  }

  const before = fingerprint(dirname(path))
  const reader = new TxnStore(path, { ...options, journal: false })
  const survivors = await operationsOf(reader)
  const committed = steps.slice(0, survivors.length)
  expectSame('The history tells of', survivors, committed.map(nameOf))
  if (committed.length < acknowledged.length)
    violations.push(`Of ${acknowledged.length} acknowledged commits ${committed.length} are left`)
  expectSame('The document is', await reader.read(), committed.at(-1)?.data ?? {})
  expectSame('The chain of the history', (await reader.verifyHistory()).problems, [])
  await reader.close()
  expectSame('Reading changed', difference(before, fingerprint(dirname(path))), [])

  const after: Step = {
    operation: `after-${committed.length}`,
    data: { ...committed.at(-1)?.data, after: committed.length },
  }
  const all = [...committed, after]
  const writer = new TxnStore<{ after?: number }>(path, options)
  const recovered: string[] = []
  writer.on('recovered', ({ description }) => {
    if (!description.includes('temporary')) recovered.push(description)
  })
  writer.on('warning', ({ error }) => violations.push(`Warning: ${error}`))
  await writer.transaction(
    (txn) => {
      txn.data.after = committed.length
    },
    { operation: after.operation },
  )
  expectSame('After a new commit the document is', await writer.read(), after.data)
  expectSame('After a new commit the history tells of', await operationsOf(writer), all.map(nameOf))
  expectSame('After a new commit the chain of the history', (await writer.verifyHistory()).problems, [])
  violations.push(...(await backupViolations(writer, options, all)))
  await writer.close()

  expectSame('After closing the file holds', JSON.parse(readFileSync(path, 'utf8')), after.data)
  const other = new TxnStore(path, { ...options, journal: options.journal !== true })
  expectSame('In the other mode the document is', await other.read(), after.data)
  expectSame('In the other mode the history tells of', await operationsOf(other), all.map(nameOf))
  await other.close()
  expectSame('Left over', leftovers(path, options), [])
  return { violations, committed: all, recovered }
}

function nameOf({ operation }: Step): string {
  return operation
}

async function operationsOf(store: TxnStore<object>): Promise<string[]> {
  const history = await store.getTransactionHistory({ limit: Number.POSITIVE_INFINITY })
  return history
    .filter(({ kind, success }) => success && (kind === 'commit' || kind === 'restore'))
    .map(({ operation }) => operation.replace(/_commit$/, ''))
    .reverse()
}

/** Every backup is a state that was committed, and the states replaced last are among them. */
async function backupViolations(
  store: TxnStore<object>,
  options: StoreOptions,
  steps: readonly Step[],
): Promise<string[]> {
  const { maxBackups = 50, backupBeforeWrite = true, journal = false } = options
  const backups = await store.listBackups({ limit: Number.POSITIVE_INFINITY })
  const held: string[] = []
  for (const backup of backups) held.push(textOf(await store.readBackup(backup)))
  const states = steps.map(({ data }) => textOf(data))
  const violations = held.filter((text) => !states.includes(text)).map((text) => `A backup holds ${shortened(text)}`)
  // With a journal backups are made and tidied up at checkpoints only.
  const replaced = journal || !backupBeforeWrite ? [] : states.slice(-2, -1)
  if (!journal && backups.length > maxBackups)
    violations.push(`There are ${backups.length} backups instead of ${maxBackups}`)
  violations.push(
    ...replaced.filter((text) => !held.includes(text)).map((text) => `No backup holds ${shortened(text)}`),
  )
  return violations
}

function leftovers(path: string, { journal = false }: StoreOptions): string[] {
  const names = readdirSync(dirname(path), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.tmp') || (!journal && basename(name) === `${basename(path)}.journal`))
}

/** What is in a folder: names, kinds, inodes and contents. */
function fingerprint(folder: string): Map<string, string> {
  return new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
      const file = join(folder, name)
      const status = lstatSync(file)
      const content = status.isFile() ? createHash('sha1').update(readFileSync(file)).digest('hex') : ''
      return [name, `${status.mode} ${status.ino} ${content}`]
    }),
  )
}

function difference(before: Map<string, string>, after: Map<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name))
}

/** The same text for equal values: the order of keys is no difference. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

function shortened(text: string): string {
  return text.length <= 600 ? text : `${text.slice(0, 300)} … ${text.slice(-300)}`
}
