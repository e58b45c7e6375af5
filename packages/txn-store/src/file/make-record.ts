import type { JsonPatchOperation } from '../json-patch.js'
import type { CommitEntry, NoteEntry, RecordKind } from '../storage.js'
import type { RecordFields } from './audit-record.js'
import type { DocumentCodec } from './codec.js'
import type { ResolvedDeps } from './deps.js'

export interface RecordContext {
  readonly deps: ResolvedDeps
  readonly codec: DocumentCodec
  readonly token: number
  readonly label: string | undefined
  /** Changes whose text is longer are told by their places only. */
  readonly maxPatchBytes: number
}

export function commitRecord(entry: CommitEntry, seq: number, context: RecordContext): RecordFields {
  const { kind, operation, label, durationMs, details = {}, patch } = entry
  return {
    ...base(`${operation}_commit`, true, details, kind, context),
    ...(label === undefined ? {} : { label }),
    seq,
    token: context.token,
    durationMs: Math.round(durationMs * 1000) / 1000,
    ...changeFields(patch, context),
  }
}

export function noteRecord(note: NoteEntry, seq: number, context: RecordContext): RecordFields {
  const { kind, operation, label, durationMs, details } = note
  return {
    ...base(`${operation}_${kind}`, kind === 'unchanged', details, kind, context),
    ...(label === undefined ? {} : { label }),
    seq,
    durationMs: Math.round(durationMs * 1000) / 1000,
  }
}

/** A record about the document's file that no transaction made. */
export function stateRecord(
  kind: 'external' | 'recovery' | 'checkpoint',
  seq: number,
  details: Readonly<Record<string, unknown>>,
  state: { readonly before: string | null; readonly sha256: string | null; readonly backup?: string | undefined },
  context: RecordContext,
): RecordFields {
  const { before, sha256, backup } = state
  return {
    ...base(kind, true, details, kind, context),
    seq,
    token: context.token,
    before,
    sha256,
    ...(backup === undefined ? {} : { backup }),
  }
}

function base(
  operation: string,
  success: boolean,
  details: Readonly<Record<string, unknown>>,
  kind: RecordKind,
  { deps, label }: RecordContext,
): RecordFields {
  const { pid, host } = deps
  return {
    timestamp: new Date(deps.now()).toISOString(),
    operation,
    success,
    pid,
    details,
    kind,
    host,
    ...(label === undefined ? {} : { label }),
  }
}

function changeFields(
  patch: readonly JsonPatchOperation[],
  { codec, maxPatchBytes }: RecordContext,
): Partial<RecordFields> {
  const places = new Set<string>()
  for (const { path } of patch) {
    places.add(path)
    if (places.size > MAX_PLACES) break
  }
  const changed = [...places].slice(0, MAX_PLACES)
  const text = patch.length > maxPatchBytes ? undefined : JSON.stringify(patch)
  const isSmall = text !== undefined && text.length <= maxPatchBytes
  const change = { changed, ...(isSmall ? { patch } : {}) }
  if (codec.sealText === undefined) return change
  return { sealed: codec.sealText(JSON.stringify(change)) }
}

const MAX_PLACES = 20
