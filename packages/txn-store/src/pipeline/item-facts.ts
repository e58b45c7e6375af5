import { isRecord, type PipelineOwner } from './pipeline-document.js'

/** How long something took, in seconds: as recorded, or from start to end; `undefined` when the document does not tell. */
export function findDuration(item: Readonly<Record<string, unknown>>): number | undefined {
  const timestamps = isRecord(item['timestamps']) ? item['timestamps'] : {}
  const metrics = isRecord(item['metrics']) ? item['metrics'] : {}
  const start = toSeconds(timestamps['start'])
  const end = toSeconds(timestamps['end'] ?? timestamps['last_completed'])
  // The kinds of clock cannot be told apart safely, but two readings of different kinds never lie close together.
  const measured = start === undefined || end === undefined || end - start > LONGEST_S ? undefined : end - start
  return [timestamps['duration'], measured, metrics['duration'], item['duration']].find(isDuration)
}

/** When something began, as epoch ms; `undefined` for the readings of clocks that mean nothing any more. */
export function findStart(item: Readonly<Record<string, unknown>>): number | undefined {
  const timestamps = isRecord(item['timestamps']) ? item['timestamps'] : {}
  const start = toSeconds(timestamps['start'])
  return start === undefined || start < EARLIEST_EPOCH_S || start >= LATEST_EPOCH_S ? undefined : start * 1000
}

/** Everything that the document says about why something is as it is, most telling first. */
export function findReasons(item: Readonly<Record<string, unknown>>): string[] {
  const errors = Array.isArray(item['errors']) ? item['errors'] : [item['errors']]
  const texts = [item['reason'], ...errors, item['error'], item['error_message']].flatMap((reason) => tell(reason))
  if (typeof item['signal'] === 'string') texts.push(`ended by ${item['signal']}`)
  else if (typeof item['exit_code'] === 'number' && item['exit_code'] !== 0)
    texts.push(`exit code ${item['exit_code']}`)
  return [...new Set(texts)]
}

export function findOwner(item: Readonly<Record<string, unknown>>): PipelineOwner | undefined {
  return isRecord(item['owner']) ? item['owner'] : undefined
}

export function findAttempts(item: Readonly<Record<string, unknown>>): number | undefined {
  return typeof item['attempts'] === 'number' ? item['attempts'] : undefined
}

/** A file that something made. */
export interface PipelineArtifact {
  /** Under which name it is kept, when it has one. */
  readonly name: string | undefined
  readonly path: string
  /** Lower-case hexadecimal. */
  readonly sha256: string | undefined
  readonly bytes: number | undefined
}

/**
 * The files that a phase, a file entry or a chunk has among its artifacts: objects with a `path`, alone or in a list, and in a list texts, too. (A text by
 * name may be anything, a type or a hash; it is not taken for a path.)
 */
export function listArtifacts(item: Readonly<Record<string, unknown>>): PipelineArtifact[] {
  const artifacts = item['artifacts']
  if (Array.isArray(artifacts)) return artifacts.flatMap((artifact) => toArtifact(artifact, undefined))
  if (!isRecord(artifacts)) return []
  return Object.entries(artifacts).flatMap(([name, value]) => {
    if (Array.isArray(value)) return value.filter(isRecord).flatMap((artifact) => toArtifact(artifact, name))
    return isRecord(value) ? toArtifact(value, name) : []
  })
}

function toArtifact(value: unknown, name: string | undefined): PipelineArtifact[] {
  if (typeof value === 'string') return [{ name, path: value, sha256: undefined, bytes: undefined }]
  if (!isRecord(value) || typeof value['path'] !== 'string') return []
  const { path, sha256, bytes } = value
  return [
    {
      name,
      path,
      sha256: typeof sha256 === 'string' ? sha256.toLowerCase() : undefined,
      bytes: typeof bytes === 'number' ? bytes : undefined,
    },
  ]
}

const LONGEST_S = 366 * 24 * 3600
/** 2001 and 5138: a smaller number is the uptime of a computer, a greater one is not in seconds. */
const EARLIEST_EPOCH_S = 1e9
const LATEST_EPOCH_S = 1e11

function toSeconds(instant: unknown): number | undefined {
  if (typeof instant === 'number') return instant
  if (typeof instant !== 'string') return undefined
  const ms = Date.parse(instant)
  return Number.isNaN(ms) ? undefined : ms / 1000
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}

function tell(reason: unknown): string[] {
  if (typeof reason === 'string') return reason === '' ? [] : [reason]
  if (reason === undefined || reason === null) return []
  if (!isRecord(reason)) return [JSON.stringify(reason)]
  const { type, message } = reason
  const told = [type, message].filter((part) => typeof part === 'string' && part !== '')
  return [told.length > 0 ? told.join(': ') : JSON.stringify(reason)]
}
