import {
  type PipelineDocument,
  type PipelineFileEntry,
  type PipelinePhase,
  type PipelineState,
  stampPipeline,
} from '@holdfast/txn-store/pipeline'
import type { AttemptError } from '../errors.js'
import type { Owner } from './owner.js'
import { type Fingerprint, findEntry, isTable, type RecordedFile, readUnit, type UnitRecord } from './unit-record.js'

export interface RecorderOptions {
  readonly fileId: string
  /** As the state keeps it. */
  readonly input: string
  readonly owner: Owner
  readonly now: () => number
}

/** A phase of the input at hand, or one of its items by its place. */
export interface Unit {
  readonly phase: string
  readonly item?: { readonly index: number; readonly id: string } | undefined
}

export interface AttemptFacts {
  readonly number: number
  /** Where its output goes, as the state keeps paths. */
  readonly log: string | undefined
  /** `NAME=value` in the environment of its processes. */
  readonly marker: string
}

/** What a successful attempt leaves. */
export interface Result {
  readonly fingerprint: Fingerprint
  readonly outputs: Readonly<Record<string, readonly RecordedFile[]>>
  readonly metrics: Readonly<Record<string, number | string>>
}

type Fields = Record<string, unknown>

/** Writes every step of one input into pipeline.json, each in a transaction of its own: durable before the next step is made. */
export class Recorder {
  readonly #state: PipelineState
  readonly #options: RecorderOptions

  constructor(state: PipelineState, options: RecorderOptions) {
    this.#state = state
    this.#options = options
  }

  /** What is recorded of a phase. */
  async read(phase: string): Promise<UnitRecord | undefined> {
    return readUnit(findEntry(await this.#state.read({ validate: false }), phase, this.#options.fileId))
  }

  /** Notes the input at the head of the document, unless it stands there. */
  async open(): Promise<void> {
    const { fileId, input } = this.#options
    await this.#change('run', (document) => {
      document.file_id = fileId
      document.input_file = input
      if (!isTable(document['inputs'])) document['inputs'] = {}
      const inputs = document['inputs'] as Fields
      if (inputs[fileId] !== input) inputs[fileId] = input
    })
  }

  /** A phase is being worked on; `items` are all that it has, in their order: those of before that are not among them are gone. */
  async beginItems(phase: string, items: readonly string[], dependents: readonly string[]): Promise<void> {
    await this.#change(`${phase}_begin`, (document) => {
      const entry = makeEntry(document, phase, this.#options.fileId)
      begin(entry, this.#options, false)
      entry.chunks = arrangeChunks(entry.chunks, items) as PipelineFileEntry['chunks']
      this.#suspend(document, phase, dependents)
    })
  }

  /** An attempt is begun. What depends on the phase is not done any more. */
  async beginAttempt(unit: Unit, { number, log, marker }: AttemptFacts, dependents: readonly string[]): Promise<void> {
    await this.#changeUnit(unit, 'begin', (fields, document) => {
      begin(fields, this.#options, true)
      fields['attempts'] = number
      fields['marker'] = marker
      if (log !== undefined) fields['log'] = log
      if (unit.item === undefined) this.#suspend(document, unit.phase, dependents)
    })
  }

  async succeed(unit: Unit, { fingerprint, outputs, metrics }: Result): Promise<void> {
    await this.#changeUnit(unit, 'success', (fields) => {
      end(fields, 'success', this.#options.now())
      fields['fingerprint'] = fingerprint
      fields['artifacts'] = simplify(outputs)
      fields['metrics'] = { ...(isTable(fields['metrics']) ? fields['metrics'] : {}), ...metrics }
      fields['errors'] = []
    })
  }

  async fail(unit: Unit, attempt: number, error: AttemptError, isFinal: boolean): Promise<void> {
    await this.#changeUnit(unit, 'failed', (fields) => {
      const now = this.#options.now()
      if (isFinal) end(fields, 'failed', now)
      fields['reason'] = error.message
      if (error.exitCode !== undefined) fields['exit_code'] = error.exitCode
      if (error.signal !== undefined) fields['signal'] = error.signal
      const entry = {
        type: error.kind,
        message: error.message,
        timestamp: new Date(now).toISOString(),
        attempt,
        ...(unit.item === undefined ? {} : { chunk_id: unit.item.id }),
        ...(error.hint === undefined ? {} : { tail: error.hint }),
      }
      fields['errors'] = [...(Array.isArray(fields['errors']) ? fields['errors'] : []), entry].slice(-MAX_ERRORS)
    })
  }

  /** The phase of items is over. */
  async endPhase(
    phase: string,
    status: 'success' | 'partial' | 'failed',
    details: {
      readonly fingerprint?: Fingerprint | undefined
      readonly reason?: string | undefined
      readonly metrics: Readonly<Record<string, number | string>>
    },
  ): Promise<void> {
    await this.#changeUnit({ phase }, status, (fields) => {
      end(fields, status, this.#options.now())
      if (details.fingerprint !== undefined) fields['fingerprint'] = details.fingerprint
      if (details.reason !== undefined) fields['reason'] = details.reason
      fields['metrics'] = { ...(isTable(fields['metrics']) ? fields['metrics'] : {}), ...details.metrics }
    })
  }

  /** What was done before still holds. */
  async confirm(phase: string): Promise<void> {
    await this.#changeUnit({ phase }, 'unchanged', (fields) => {
      fields['status'] = 'success'
      for (const name of ['reason', 'owner', 'marker']) delete fields[name]
    })
  }

  /** The phase was not begun, and why; what it has done before stays recorded. */
  async skip(phase: string, reason: string): Promise<void> {
    await this.#changeUnit({ phase }, 'skipped', (fields) => {
      fields['status'] = 'skipped'
      fields['reason'] = reason
    })
  }

  async #changeUnit(
    { phase, item }: Unit,
    operation: string,
    change: (fields: Fields, document: PipelineDocument) => void,
  ): Promise<void> {
    const { fileId, now } = this.#options
    if (item === undefined) {
      await this.#change(`${phase}_${operation}`, (document) => {
        change(makeEntry(document, phase, fileId), document)
        stamp(document, [phase], now)
      })
      return
    }
    await this.#change(`${phase}_item_${operation}`, (document) => {
      const chunks = findEntry(document, phase, fileId)?.['chunks']
      const chunk: unknown = Array.isArray(chunks) ? chunks[item.index - 1] : undefined
      if (!isTable(chunk) || chunk['chunk_id'] !== item.id) {
        throw new TypeError(`The state has no item '${item.id}' at place ${item.index} of '${phase}'`)
      }
      change(chunk, document)
    })
  }

  #suspend(document: PipelineDocument, phase: string, dependents: readonly string[]): void {
    for (const dependent of dependents) {
      const entry = findEntry(document, dependent, this.#options.fileId)
      if (entry === undefined || entry['status'] !== 'success') continue
      entry['status'] = 'pending'
      entry['reason'] = `${phase}, which it needs, runs again`
    }
    stamp(document, [phase, ...dependents], this.#options.now)
  }

  async #change(operation: string, change: (document: PipelineDocument) => void): Promise<void> {
    await this.#state.transaction((txn) => change(txn.data), { operation, validate: false })
  }
}

const MAX_ERRORS = 20

function begin(fields: Fields, { owner, now }: RecorderOptions, losesResult: boolean): void {
  fields['status'] = 'running'
  fields['owner'] = { ...owner }
  fields['timestamps'] = { start: now() / 1000 }
  for (const name of ['reason', 'exit_code', 'signal', 'marker']) delete fields[name]
  delete fields['fingerprint']
  fields['errors'] ??= []
  fields['metrics'] ??= {}
  if (losesResult || !isTable(fields['artifacts'])) fields['artifacts'] = {}
}

function end(fields: Fields, status: string, now: number): void {
  fields['status'] = status
  delete fields['owner']
  delete fields['marker']
  if (status === 'success') for (const name of ['reason', 'exit_code', 'signal']) delete fields[name]
  const timestamps = isTable(fields['timestamps']) ? fields['timestamps'] : {}
  const start = timestamps['start']
  const duration = typeof start === 'number' ? { duration: Math.max(0, Math.round(now - start * 1000) / 1000) } : {}
  // Seconds since 1970: the tools that came before read nothing else.
  fields['timestamps'] = { ...timestamps, end: now / 1000, ...duration }
}

/** One record for each item, in this order; what is known of an item stays. */
function arrangeChunks(before: unknown, items: readonly string[]): Fields[] {
  const known = new Map(listChunks(before).map((chunk) => [String(chunk['chunk_id']), chunk]))
  return items.map((id) => {
    const chunk = known.get(id)
    if (chunk === undefined) return { chunk_id: id, status: 'pending' }
    if (chunk['status'] !== 'running') return chunk
    return { ...chunk, status: 'pending', reason: 'it was interrupted' }
  })
}

function listChunks(chunks: unknown): Fields[] {
  if (Array.isArray(chunks)) return chunks.filter(isTable)
  if (!isTable(chunks)) return []
  return Object.entries(chunks).flatMap(([id, chunk]) => (isTable(chunk) ? [{ chunk_id: id, ...chunk }] : []))
}

function makeEntry(document: PipelineDocument, phase: string, fileId: string): PipelineFileEntry & Fields {
  if (!isTable(document[phase]))
    document[phase] = { status: 'pending', timestamps: {}, artifacts: {}, metrics: {}, errors: [], files: {} }
  const block = document[phase] as PipelinePhase & Fields
  if (!isTable(block.files)) block.files = {}
  const entries = block.files as Record<string, Fields>
  if (!Object.hasOwn(entries, fileId) || !isTable(entries[fileId])) entries[fileId] = { status: 'pending' }
  return entries[fileId] as PipelineFileEntry & Fields
}

/** Brings up to date what the document says of whole phases. */
function stamp(document: PipelineDocument, phases: readonly string[], now: () => number): void {
  for (const phase of phases) {
    const block = document[phase]
    if (isTable(block)) delete block['status']
  }
  document.phases ??= {}
  for (const phase of phases) if (isTable(document[phase])) document.phases[phase] ??= 'pending'
  stampPipeline(document, { now, phases })
  for (const phase of phases) {
    const block = document[phase]
    if (isTable(block)) block['status'] = document.phases?.[phase] ?? 'pending'
  }
}

/** One file as it is, several as a list. */
function simplify(outputs: Result['outputs']): Fields {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, files]) => [name, files.length === 1 ? files[0] : files]),
  )
}
