import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { errorCode } from './errors.js'

/** Who made a temporary file, as its name tells. */
export interface TemporaryFileOwner {
  /** Identifies machine, boot and process-id namespace: only inside one space do process ids mean anything. */
  readonly space: string
  readonly pid: number
  /** Start time of the process in the kernel's clock ticks; tells a reused process id from the writer. "0" where unknown. */
  readonly startedAt: string
}

const TEMPORARY_NAME = /^\.holdfast-([0-9a-f]{12})-([1-9][0-9]{0,9})-([0-9]{1,20})-[0-9a-f]{16}\.tmp$/

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
  self ??= { space: processSpace(), pid: process.pid, startedAt: readStatus(process.pid)?.startedAt ?? UNKNOWN }
  return self
}

/** Whether a process of the current space still lives. In doubt it does. */
export function isAlive(owner: TemporaryFileOwner): boolean {
  if (!processAnswers(owner.pid)) return false
  // Other users' processes may be hidden from /proc (hidepid) although they answer.
  const status = readStatus(owner.pid)
  if (status === undefined) return true
  if (status.state === 'Z' || status.state === 'X') return false
  return owner.startedAt === UNKNOWN || status.startedAt === owner.startedAt
}

const UNKNOWN = '0'

interface ProcessStatus {
  readonly state: string
  readonly startedAt: string
}

function readStatus(pid: number): ProcessStatus | undefined {
  try {
    // A /proc that belongs to another process-id namespace would tell about somebody else.
    if (readlinkSync('/proc/self') !== String(process.pid)) return undefined
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the command in parentheses and may itself hold blanks and parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', startedAt: fields[19] ?? UNKNOWN }
  } catch {
    return undefined
  }
}

function processAnswers(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
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
