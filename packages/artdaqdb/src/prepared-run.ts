import { setImmediate } from 'node:timers/promises'
import { type FhiclDocument, readFhicl } from '@holdfast/fhicl'
import type { Collection } from './collections.js'
import { type ConfigurationName, entityOfFile, fullConfigurationName } from './names.js'
import type { RunFile, RunToStore } from './run-database.js'

/** One file of a run, checked. */
export interface PreparedFile {
  readonly collection: Collection
  readonly entity: string
  readonly content: FhiclDocument
}

/** A run of which everything is known to be storable. */
export interface PreparedRun {
  readonly configuration: ConfigurationName
  readonly files: readonly PreparedFile[]
  readonly schema: PreparedFile
  readonly update: { readonly files: readonly PreparedFile[]; readonly schema: PreparedFile } | undefined
}

/**
 * Checks a run before anything is written.
 *
 * @throws FhiclSyntaxError for a file that the database could not hold; UnsafeNameError, RangeError for names and numbers.
 */
export async function prepareRun(run: RunToStore): Promise<PreparedRun> {
  const configuration = fullConfigurationName(run.run, run.configuration)
  const entities = new Set<string>()
  const files = await prepareFiles(run.files, entities)
  if (files.length === 0) throw new RangeError(`Run ${run.run} has no files to store`)
  const schema = prepareSchema(run.schema)
  const update = run.update && {
    files: await prepareFiles(run.update.files, entities),
    // Nearly always the same.
    schema: run.update.schema === run.schema ? schema : prepareSchema(run.update.schema),
  }
  return { configuration, files, schema, update }
}

async function prepareFiles(files: readonly RunFile[], entities: Set<string>): Promise<PreparedFile[]> {
  const prepared: PreparedFile[] = []
  for (const { name, text } of files) {
    const entity = entityOfFile(name)
    if (entities.has(entity)) throw new RangeError(`A run can hold '${name}' only once`)
    entities.add(entity)
    prepared.push({ collection: 'RunHistory', entity, content: readFhicl(text, { source: name }) })
    // A large record takes seconds to read; others must be able to go on meanwhile.
    await setImmediate()
  }
  return prepared
}

function prepareSchema(text: string): PreparedFile {
  return { collection: 'SystemLayout', entity: 'schema', content: readFhicl(text, { source: 'schema.fcl' }) }
}
