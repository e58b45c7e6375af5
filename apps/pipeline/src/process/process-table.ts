/** What the kernel tells about processes; only Linux does it in files. Elsewhere nothing is found, and groups are all there is. */

import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

/** Tells a process from another that got its number later; `undefined` when it is gone or nobody can tell. */
export function startTimeOf(pid: number): string | undefined {
  return readFields(pid)?.[START_TIME]
}

/** The process group that a process is in; `undefined` when it is gone or nobody can tell. */
export function groupOf(pid: number): number | undefined {
  const group = readFields(pid)?.[GROUP]
  return group === undefined ? undefined : Number(group)
}

/** Whether there are processes in a group that still run: one that has ended may stay in it for as long as nobody asks how. `undefined` when nobody can tell. */
export async function isAnyoneIn(group: number): Promise<boolean | undefined> {
  const names = await namesIn('/proc')
  const isKnown = names.includes(String(process.pid))
  return isKnown ? names.some((name) => isRunningIn(readFields(Number(name)), group)) : undefined
}

function isRunningIn(fields: readonly string[] | undefined, group: number): boolean {
  return fields !== undefined && fields[GROUP] === String(group) && !/^[ZX]$/.test(fields[STATE] ?? '')
}

/** The fields after the name, which is in parentheses and may hold anything. */
function readFields(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

const STATE = 0
const GROUP = 2
const START_TIME = 19

/** The processes with this entry, `NAME=value`, in the environment that they were started with. */
export async function findMarked(marker: string): Promise<number[]> {
  const found: number[] = []
  for (const name of await namesIn('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (environment.split('\0').includes(marker)) found.push(pid)
  }
  return found
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}
