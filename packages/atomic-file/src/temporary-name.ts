import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Who made a temporary file, as its name tells. */
export interface TemporaryFileOwner {
  /** Identifies machine, boot and process-id namespace: only inside one space do process ids mean anything. */
  readonly space: string
  readonly pid: number
  /** Start time of the process in the kernel's clock ticks; tells a reused process id from the writer. "0" where unknown. */
  readonly startedAt: string
}

const TEMPORARY_NAME = /^\.holdfast-([0-9a-f]{12})-([0-9]{1,10})-([0-9]{1,20})-[0-9a-f]{16}\.tmp$/

/** A new name; its length does not depend on the target's name. */
export function makeTemporaryName(owner: TemporaryFileOwner): string {
  return `.holdfast-${owner.space}-${owner.pid}-${owner.startedAt}-${randomBytes(8).toString('hex')}.tmp`
}

export function parseTemporaryName(name: string): TemporaryFileOwner | undefined {
  const [, space, pid, startedAt] = TEMPORARY_NAME.exec(name) ?? []
  if (space === undefined || pid === undefined || startedAt === undefined) return undefined
  return { space, pid: Number(pid), startedAt }
}

// Facts about the running process that cannot change while it lives, read from the kernel once.
let self: TemporaryFileOwner | undefined

export function currentOwner(): TemporaryFileOwner {
  self ??= { space: processSpace(), pid: process.pid, startedAt: startTimeOf(process.pid) ?? '0' }
  return self
}

/** Start time of a live process in the current space, `undefined` when there is no such process. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the command in parentheses and may itself hold blanks and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0'
  } catch {
    return processAnswers(pid) ? '0' : undefined
  }
}

function processAnswers(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function processSpace(): string {
  const facts = [hostname(), readOrEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'))]
  facts.push(readOrEmpty(() => readlinkSync('/proc/self/ns/pid')))
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 12)
}

function readOrEmpty(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
