import { readFileSync, writeFileSync } from 'node:fs'
import type { LedgerDeps, LedgerOptions } from '../../src/index.js'
import { ReleaseLedger } from '../../src/index.js'
import { recordingLogger } from '../support/recording-logger.js'

/** A clock that stands until it is set, at 2026-03-02T08:00:00 local time. */
export function fakeClock(): { now: () => number; set(text: string): void } {
  let at = new Date('2026-03-02T08:00:00').getTime()
  const set = (text: string): void => {
    at = new Date(text).getTime()
  }
  return { now: () => at, set }
}

export const KINDS = ['json', 'journal', 'sqlite'] as const

export function fileOf(folder: string, kind: (typeof KINDS)[number]): string {
  return `${folder}/${kind === 'sqlite' ? 'processed.db' : 'processed.json'}`
}

/** A ledger whose warnings do not end up in the output of the tests. */
export function openQuietly(path: string, options: LedgerOptions = {}, deps: LedgerDeps = {}): Promise<ReleaseLedger> {
  return ReleaseLedger.open(path, { logger: recordingLogger(), ...options }, deps)
}

export function readJson(path: string): {
  processed: Record<string, Record<string, unknown>>
  failed: Record<string, Record<string, unknown>>
  [key: string]: unknown
} {
  return JSON.parse(readFileSync(path, 'utf8'))
}

export function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value))
}
