/** What the kernel tells about processes; only Linux does it in files. Elsewhere nothing is found, and groups are all there is. */

import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

/** Tells a process from another that got its number later; `undefined` when it is gone or nobody can tell. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything; the start time is the 20th field after it.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

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
