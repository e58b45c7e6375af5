import { basename, join } from 'node:path'
import type { RunDatabase, StoredRun } from '@holdfast/artdaqdb'
import { errorCode, readTextFile } from '@holdfast/atomic-file'
import { type ConversionTargets, conversionTargets, convertRunHistory2 } from '@holdfast/fhicl'
import { listRecordNames } from '../record/list-record-files.js'
import type { RunDirectories } from '../record/run-directories.js'

export interface StoredRuns {
  /** Runs that are stored whole. */
  readonly complete: ReadonlySet<number>
  /** What is missing of the others, such as the original tools leave behind when a file is refused. */
  readonly incomplete: ReadonlyMap<number, readonly string[]>
}

/**
 * Tells runs that are stored whole from those of which a part is missing: the schema, or a file that the run record, where it still exists,
 * leads to. The records of runs that are not in question are not looked at.
 */
export async function findStoredRuns(
  database: RunDatabase,
  directories: RunDirectories,
  generate: readonly string[],
  isInQuestion: (run: number) => boolean,
): Promise<StoredRuns> {
  const complete = new Set<number>()
  const incomplete = new Map<number, readonly string[]>()
  for (const stored of (await database.listRuns()).values()) {
    const missing = await missingParts(
      stored,
      isInQuestion(stored.run) ? directories.get(stored.run) : undefined,
      generate,
    )
    if (missing.length === 0) complete.add(stored.run)
    else incomplete.set(stored.run, missing)
  }
  return { complete, incomplete }
}

/** What is missing of one stored run; see {@link findStoredRuns}. */
export async function missingParts(
  stored: StoredRun,
  directory: string | undefined,
  generate: readonly string[],
): Promise<string[]> {
  const missing = stored.hasSchema ? [] : ['schema.fcl']
  if (directory === undefined) return missing
  const expected = await expectedFiles(directory, generate)
  for (const name of expected.insert) if (!stored.entities.has(basename(name, '.fcl'))) missing.push(name)
  for (const name of expected.update) {
    if (!stored.entities.has(basename(name, '.fcl')) && (await hasRunTimes(directory))) missing.push(name)
  }
  return missing
}

async function expectedFiles(directory: string, generate: readonly string[]): Promise<ConversionTargets> {
  const names = await ifReadable(() => listRecordNames(directory), [])
  const targets = conversionTargets(names, generate)
  return { ...targets, insert: targets.insert.filter((name) => name !== 'schema.fcl') }
}

/** The original stores RunHistory2 in a second step; a kill in between leaves the run without it. */
async function hasRunTimes(directory: string): Promise<boolean> {
  return ifReadable(
    async () => convertRunHistory2(await readTextFile(join(directory, 'metadata.txt'))) !== undefined,
    false,
  )
}

/** A record that went away or cannot be read now tells nothing about what is stored. */
async function ifReadable<T>(read: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return otherwise
  }
}
