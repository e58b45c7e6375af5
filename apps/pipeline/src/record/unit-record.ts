import type { FileFacts } from '../files/file-facts.js'
import type { ParamValue } from '../pipeline.js'

/** A file in the state. */
export interface RecordedFile extends FileFacts {
  /** Relative to the folder of pipeline.json with `/`, or absolute when it lies outside. */
  readonly path: string
}

/** Of what a result was made. It is recorded with the result and taken away when the work begins anew. */
export interface Fingerprint {
  /** Of all the rest: equal only when nothing has changed. */
  readonly hash: string
  /** Of the texts of the definition. */
  readonly command: string
  /** The values of parameters and other variables that they use. */
  readonly values: Readonly<Record<string, ParamValue>>
  readonly inputs: readonly RecordedFile[]
}

/** What the state has about a phase of one input, or about one item of it. Anything in it may be missing or of the wrong form. */
export interface UnitRecord {
  readonly status: string | undefined
  readonly reason: string | undefined
  readonly attempts: number
  readonly fingerprint: Fingerprint | undefined
  readonly outputs: Readonly<Record<string, readonly RecordedFile[]>>
  /** Of its items, in their order. */
  readonly items: readonly ItemRecord[]
  /** Everything, as it is in the state. */
  readonly raw: Readonly<Record<string, unknown>>
}

export interface ItemRecord extends UnitRecord {
  readonly id: string
}

/** What a document has of a phase about one input. */
export function findEntry(
  document: Readonly<Record<string, unknown>>,
  phase: string,
  fileId: string,
): Record<string, unknown> | undefined {
  const block = document[phase]
  const files = isTable(block) ? block['files'] : undefined
  const entry = isTable(files) && Object.hasOwn(files, fileId) ? files[fileId] : undefined
  return isTable(entry) ? entry : undefined
}

/** Reads an entry or a chunk, whoever wrote it. */
export function readUnit(value: unknown): UnitRecord | undefined {
  if (!isTable(value)) return undefined
  const { status, reason, attempts, fingerprint, artifacts, chunks } = value
  return {
    status: typeof status === 'string' ? status : undefined,
    reason: typeof reason === 'string' ? reason : undefined,
    attempts: typeof attempts === 'number' ? attempts : 0,
    fingerprint: readFingerprint(fingerprint),
    outputs: isTable(artifacts) ? readOutputs(artifacts) : {},
    items: Array.isArray(chunks) ? chunks.flatMap(readItem) : [],
    raw: value,
  }
}

function readItem(value: unknown): ItemRecord[] {
  const unit = readUnit(value)
  const id = unit?.raw['chunk_id']
  return unit === undefined || (typeof id !== 'string' && typeof id !== 'number') ? [] : [{ ...unit, id: String(id) }]
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readFingerprint(value: unknown): Fingerprint | undefined {
  if (!isTable(value)) return undefined
  const { hash, command, values, inputs } = value
  if (typeof hash !== 'string' || typeof command !== 'string' || !isTable(values) || !Array.isArray(inputs))
    return undefined
  return { hash, command, values: values as Fingerprint['values'], inputs: inputs.flatMap(readFile) }
}

function readOutputs(artifacts: Record<string, unknown>): Record<string, readonly RecordedFile[]> {
  return Object.fromEntries(
    Object.entries(artifacts).map(([name, files]) => [
      name,
      (Array.isArray(files) ? files : [files]).flatMap(readFile),
    ]),
  )
}

function readFile(value: unknown): RecordedFile[] {
  if (!isTable(value)) return []
  const { path, bytes, sha256, stamp } = value
  if (typeof path !== 'string' || typeof bytes !== 'number' || typeof sha256 !== 'string') return []
  return [{ path, bytes, sha256, stamp: typeof stamp === 'string' ? stamp : '' }]
}
