import { UnsafeNameError } from './errors.js'

/** `<run>/<configuration>` taken apart. */
export interface ConfigurationName {
  readonly full: string
  readonly run: number
  /** The part after the run. */
  readonly name: string
}

const MAX_NAME_BYTES = 240
const CONTROL_CHARACTER = /\p{Cc}/u

/**
 * Checks and completes the name under which a run is stored.
 *
 * @throws RangeError for a run that is not a non-negative integer; UnsafeNameError for a name that could not be exported as a folder.
 * @example fullConfigurationName(18255, 'beam-00012').full // '18255/beam-00012'
 */
export function fullConfigurationName(run: number, configuration: string): ConfigurationName {
  if (!Number.isSafeInteger(run) || run < 0)
    throw new RangeError(`A run number must be a non-negative integer, not ${run}`)
  const name = configuration.startsWith(`${run}/`) ? configuration.slice(`${run}/`.length) : configuration
  assertPathSegment('configuration', name)
  exportFolder(name)
  return { full: `${run}/${name}`, run, name }
}

/** The parts of a stored configuration name, `undefined` when it does not belong to a run. */
export function parseConfigurationName(full: string): ConfigurationName | undefined {
  const match = /^\s*(\d+)\//.exec(full)
  if (match === null) return undefined
  const run = Number(match[1])
  return Number.isSafeInteger(run) ? { full, run, name: full.slice(match[0].length) } : undefined
}

/** The entity of a file to store. @throws UnsafeNameError, RangeError when the name does not end in `.fcl` or is the schema's. */
export function entityOfFile(fileName: string): string {
  if (!fileName.endsWith('.fcl'))
    throw new RangeError(`A file of a run must be named '<entity>.fcl', not '${fileName}'`)
  const entity = fileName.slice(0, -'.fcl'.length)
  assertPathSegment('entity', entity)
  if (entity === 'schema') throw new RangeError("'schema.fcl' is given as schema, not among the files of a run")
  return entity
}

/**
 * Where an entity of a run is put in an export: a folder named like the configuration without its trailing digits.
 *
 * @throws UnsafeNameError when the names, which may come from a database that others can write, would lead out of the export folder.
 * @example exportPath('beam-00012', 'boot') // 'beam-/boot.fcl'
 */
export function exportPath(configuration: string, entity: string): string {
  assertPathSegment('entity', entity)
  const folder = exportFolder(configuration)
  return folder === '' ? `${entity}.fcl` : `${folder}/${entity}.fcl`
}

function exportFolder(configuration: string): string {
  const folder = configuration.replace(/\d+$/, '')
  if (folder === '') return ''
  const segments = folder.split('/')
  // A configuration such as 'group/0001' leaves a trailing slash.
  if (segments.at(-1) === '') segments.pop()
  for (const segment of segments) assertPathSegment('configuration', segment, configuration)
  return segments.join('/')
}

function assertPathSegment(kind: string, segment: string, whole: string = segment): void {
  if (segment === '') throw new UnsafeNameError(kind, whole, 'it is empty or has an empty part')
  if (segment === '.' || segment === '..') throw new UnsafeNameError(kind, whole, 'it is not a name but a place')
  if (segment.includes('/')) throw new UnsafeNameError(kind, whole, 'it holds a slash')
  if (CONTROL_CHARACTER.test(segment)) throw new UnsafeNameError(kind, whole, 'it holds a control character')
  if (!segment.isWellFormed()) throw new UnsafeNameError(kind, whole, 'it is not well-formed Unicode')
  if (Buffer.byteLength(segment) > MAX_NAME_BYTES)
    throw new UnsafeNameError(kind, whole, `it is longer than ${MAX_NAME_BYTES} bytes`)
}
