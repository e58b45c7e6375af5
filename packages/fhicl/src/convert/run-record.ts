import { FhiclSyntaxError, RunRecordError } from '../errors.js'
import type { FhiclDocument } from '../fhicl-document.js'
import { readFhicl } from '../fhicl-reader.js'
import { convertBoot } from './boot.js'
import { convertEnvironment } from './environment.js'
import type { ConverterName } from './generate-names.js'
import { converterNames, parseGenerateNames } from './generate-names.js'
import { convertKnownBoardreadersList } from './known-boardreaders-list.js'
import { convertMetadata } from './metadata.js'
import { convertRanks } from './ranks.js'
import { configurationNameOf, convertRunHistory, convertRunHistory2 } from './run-history.js'
import { decodeRunRecordText } from './run-record-text.js'
import { convertSettings } from './settings.js'
import { convertSetup } from './setup.js'

/** Content of a file: text, or bytes as read from disk. */
export type FileContent = string | Uint8Array

export interface ConvertRunRecordOptions {
  /** Files of the run directory by path relative to it; only `.fcl` and top-level `.txt` files are looked at. */
  readonly files: ReadonlyMap<string, FileContent>
  /** Goes into RunHistory.fcl. @default left out */
  readonly runNumber?: number
  /** What to generate. @default 'all' */
  readonly generate?: readonly string[] | 'all'
}

export interface ConvertedRunRecord {
  /** Files to store at first: the `.fcl` files of the record as they are, with the generated ones. */
  readonly insert: ReadonlyMap<string, FileContent>
  /** Files to store afterwards (RunHistory2.fcl), when a start or stop time is known. */
  readonly update: ReadonlyMap<string, FileContent> | undefined
  /** For each generated file the file it was made of. */
  readonly convertedFrom: ReadonlyMap<string, string>
  /** Name of the configuration, see {@link configurationNameOf}. */
  readonly configurationName: string
}

const converters: Readonly<Record<ConverterName, (text: string) => string>> = {
  boot: convertBoot,
  metadata: convertMetadata,
  known_boardreaders_list: convertKnownBoardreadersList,
  settings: convertSettings,
  setup: convertSetup,
  environment: convertEnvironment,
  ranks: convertRanks,
}

/**
 * Converts a run record into the files to store. The input is not changed. A generated file takes the place of a
 * `.fcl` file of the same name. The generated text is not checked, see {@link readRunRecordFile}.
 *
 * Throws {@link RunRecordError} when a file to convert is not UTF-8, RangeError for an unknown name in `generate`.
 *
 * @example
 * const record = convertRunRecord({ files: new Map([['boot.txt', 'debug level: 2\n']]), runNumber: 7 })
 * record.insert.get('boot.fcl') // 'debug_level: 2\n\nartdaq_process_settings: [\n]\n'
 */
export function convertRunRecord(options: ConvertRunRecordOptions): ConvertedRunRecord {
  const { files, runNumber } = options
  const generate = parseGenerateNames(options.generate)
  const insert = new Map<string, FileContent>()
  const convertedFrom = new Map<string, string>()
  for (const [name, content] of files) if (name.endsWith('.fcl')) insert.set(name, content)
  for (const name of converterNames) {
    const content = generate.has(name) ? files.get(`${name}.txt`) : undefined
    if (content === undefined) continue
    insert.set(`${name}.fcl`, converters[name](decodeRunRecordText(`${name}.txt`, content)))
    convertedFrom.set(`${name}.fcl`, `${name}.txt`)
  }
  const metadata = decodeMetadata(files)
  if (metadata !== undefined && generate.has('RunHistory')) {
    insert.set('RunHistory.fcl', convertRunHistory(metadata, runNumber))
    convertedFrom.set('RunHistory.fcl', 'metadata.txt')
  }
  const runTimes = metadata !== undefined && generate.has('RunHistory2') ? convertRunHistory2(metadata) : undefined
  if (runTimes !== undefined) convertedFrom.set('RunHistory2.fcl', 'metadata.txt')
  return {
    insert,
    update: runTimes === undefined ? undefined : new Map([['RunHistory2.fcl', runTimes]]),
    convertedFrom,
    configurationName: configurationNameOf(metadata),
  }
}

/** The `.fcl` names a directory listing leads to. */
export interface ConversionTargets {
  /** Sorted names of the files stored at first. */
  readonly insert: readonly string[]
  /** Names of the files stored afterwards, if the record has start or stop times. */
  readonly update: readonly string[]
}

/**
 * Says which files {@link convertRunRecord} will return for a listing of the run directory, without reading it.
 */
export function conversionTargets(
  names: Iterable<string>,
  generate: readonly string[] | 'all' = 'all',
): ConversionTargets {
  const wanted = parseGenerateNames(generate)
  const listing = new Set(names)
  const hasMetadata = listing.has('metadata.txt')
  const insert = new Set([...listing].filter((name) => name.endsWith('.fcl')))
  for (const name of converterNames) if (wanted.has(name) && listing.has(`${name}.txt`)) insert.add(`${name}.fcl`)
  if (hasMetadata && wanted.has('RunHistory')) insert.add('RunHistory.fcl')
  return {
    insert: [...insert].sort(),
    update: hasMetadata && wanted.has('RunHistory2') ? ['RunHistory2.fcl'] : [],
  }
}

/**
 * Reads a file of a converted record. A file that cannot be read keeps its run out of the database, so the error
 * names the file that has to be corrected: the one it was made of, if it was generated.
 *
 * Throws {@link RunRecordError}, with the {@link FhiclSyntaxError} as its cause.
 */
export function readRunRecordFile(name: string, content: FileContent, convertedFrom?: string): FhiclDocument {
  try {
    return readFhicl(content, { source: name })
  } catch (cause) {
    if (!(cause instanceof FhiclSyntaxError)) throw cause
    const { line, column } = cause
    if (convertedFrom === undefined) {
      throw new RunRecordError(cause.message, { file: name, line, column, ...hintOf(cause.hint), cause })
    }
    const text = typeof content === 'string' ? content : new TextDecoder().decode(content)
    const generated = (text.split(/\r\n?|\n/)[line - 1] ?? '').slice(0, 200)
    throw new RunRecordError(`${cause.message}; "${name}" was made of "${convertedFrom}", the line is: ${generated}`, {
      file: name,
      convertedFrom,
      line,
      column,
      hint: `Correct "${convertedFrom}". ${advice(name, cause)}`,
      cause,
    })
  }
}

function decodeMetadata(files: ReadonlyMap<string, FileContent>): string | undefined {
  const content = files.get('metadata.txt')
  return content === undefined ? undefined : decodeRunRecordText('metadata.txt', content)
}

function hintOf(hint: string | undefined): { readonly hint?: string } {
  return hint === undefined ? {} : { hint }
}

function advice(name: string, cause: FhiclSyntaxError): string {
  if (cause.found === 'the end of the text' && cause.line === 1 && cause.column === 1) {
    return 'It holds nothing that can be stored; complete it or remove it from the record'
  }
  if (cause.expected.startsWith('ASCII')) return 'It may hold ASCII characters only'
  switch (name) {
    case 'settings.fcl':
      return 'Each word of a list consists of letters, digits and _ or -; keys begin with a letter'
    case 'environment.fcl':
      return 'A value may not end with a backslash, and other backslashes stand only before " \' \\ n and t'
    default:
      return 'Keys begin with a letter and hold letters, digits, blanks and _; values hold no backslashes'
  }
}
