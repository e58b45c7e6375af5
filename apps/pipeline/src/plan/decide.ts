import { resolve } from 'node:path'
import { type FileFacts, refreshFacts } from '../files/file-facts.js'
import type { Fingerprint, RecordedFile, UnitRecord } from '../record/unit-record.js'

/** Whether something has to be done, and why; for people. */
export interface Decision {
  readonly mustRun: boolean
  readonly reasons: readonly string[]
}

export interface DecideContext {
  readonly stateFolder: string
  readonly known: Map<string, FileFacts>
}

const UNCHANGED: Decision = { mustRun: false, reasons: ['inputs, command, parameters and outputs are unchanged'] }

/** Compares what was recorded with what would be used now, and the outputs with what was recorded of them. */
export async function decide(
  record: UnitRecord | undefined,
  now: Fingerprint,
  context: DecideContext,
): Promise<Decision> {
  const fingerprint = record?.fingerprint
  if (record === undefined || fingerprint === undefined) return { mustRun: true, reasons: [whyNotDone(record)] }
  const reasons = [...compareFingerprints(fingerprint, now), ...(await checkOutputs(record, context))]
  return reasons.length === 0 ? UNCHANGED : { mustRun: true, reasons }
}

function whyNotDone(record: UnitRecord | undefined): string {
  if (record === undefined) return 'it has not run yet'
  switch (record.status) {
    case undefined:
    case 'pending':
      return record.reason ?? 'it has not run yet'
    case 'failed':
    case 'error':
      return `it failed${record.reason === undefined ? '' : `: ${record.reason}`}`
    case 'running':
      return 'it was interrupted'
    case 'skipped':
      return `it was skipped${record.reason === undefined ? '' : `: ${record.reason}`}`
    case 'partial':
      return 'it is done in part'
    default:
      return `the state says '${record.status}', but not of what and with which outputs`
  }
}

function compareFingerprints(before: Fingerprint, now: Fingerprint): string[] {
  if (before.hash === now.hash) return []
  const reasons: string[] = []
  if (before.command !== now.command) reasons.push('the command changed')
  for (const name of new Set([...Object.keys(before.values), ...Object.keys(now.values)])) {
    const [old, current] = [before.values[name], now.values[name]]
    if (old !== current) reasons.push(`${name} changed from ${tell(old)} to ${tell(current)}`)
  }
  reasons.push(...compareInputs(before.inputs, now.inputs))
  return reasons.length > 0 ? reasons : ['the order of the inputs changed, or something that all items share']
}

function compareInputs(before: readonly RecordedFile[], now: readonly RecordedFile[]): string[] {
  const old = new Map(before.map((file) => [file.path, file.sha256]))
  const changed = now
    .filter(({ path, sha256 }) => old.has(path) && old.get(path) !== sha256)
    .map(({ path }) => `input '${path}' changed`)
  const sums = (files: readonly RecordedFile[]): Set<string> => new Set(files.map(({ sha256 }) => sha256))
  const [oldSums, newSums] = [sums(before), sums(now)]
  const added = now
    .filter(({ path, sha256 }) => !old.has(path) && !oldSums.has(sha256))
    .map(({ path }) => `input '${path}' is new`)
  const paths = new Set(now.map(({ path }) => path))
  const gone = before
    .filter(({ path, sha256 }) => !paths.has(path) && !newSums.has(sha256))
    .map(({ path }) => `input '${path}' is gone`)
  const all = [...changed, ...added, ...gone]
  if (all.length <= MAX_NAMED) return all
  return [...all.slice(0, MAX_NAMED), `and ${all.length - MAX_NAMED} more inputs`]
}

async function checkOutputs({ outputs }: UnitRecord, { stateFolder, known }: DecideContext): Promise<string[]> {
  const reasons: string[] = []
  for (const file of Object.values(outputs).flat()) {
    const path = resolve(stateFolder, file.path)
    const facts = await refreshFacts(path, known.get(path) ?? file)
    if (facts === undefined) reasons.push(`output '${file.path}' is missing`)
    else if (facts.sha256 !== file.sha256) reasons.push(`output '${file.path}' is not what was recorded`)
    else known.set(path, facts)
  }
  if (reasons.length <= MAX_NAMED) return reasons
  return [...reasons.slice(0, MAX_NAMED), `and ${reasons.length - MAX_NAMED} more outputs`]
}

const MAX_NAMED = 5

function tell(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
