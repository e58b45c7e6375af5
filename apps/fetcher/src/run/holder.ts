/**
 * Owns `<state>.holder-<n>.lock` beside a SQLite file, which only processes of one machine can share. A process holds the lock of one number for as long as it
 * lives and signs its leases with that number and a name that is new in each life. So a signature whose lock is free, or ours, is that of a dead process.
 */
import { randomUUID } from 'node:crypto'
import { isFree, type Slot, takeSlot } from './take-slot.js'

export interface Holder extends AsyncDisposable {
  readonly signature: string
  /** Never true of one who is alive; false also where it is not known. */
  isGone(signature: string): Promise<boolean>
}

export async function takeHolder(databasePath: string): Promise<Holder> {
  const path = `${databasePath}.holder`
  const slot: Slot = await takeSlot(path)
  const signature = `${slot.number}:${randomUUID()}`
  return {
    signature,
    isGone: async (other) => {
      const number = Number(other.split(':')[0])
      if (other === signature || !Number.isInteger(number) || number < 1) return false
      return number === slot.number || isFree(path, number)
    },
    [Symbol.asyncDispose]: slot.release,
  }
}
