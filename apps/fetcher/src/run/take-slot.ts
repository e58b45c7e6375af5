import { FileLock } from '@holdfast/lock'

/** A number that is this process's alone, among those that share `path`. The kernel frees it when the process dies, and the next one takes it. */
export interface Slot {
  readonly number: number
  release(): Promise<void>
}

export async function takeSlot(path: string): Promise<Slot> {
  for (let number = 1; ; number += 1) {
    const lock = await FileLock.tryAcquire(slotPath(path, number))
    if (lock !== undefined) return { number, release: () => lock.release() }
  }
}

/** Nobody has this number now. */
export async function isFree(path: string, number: number): Promise<boolean> {
  const lock = await FileLock.tryAcquire(slotPath(path, number))
  await lock?.release()
  return lock !== undefined
}

function slotPath(path: string, number: number): string {
  return `${path}-${number}.lock`
}
