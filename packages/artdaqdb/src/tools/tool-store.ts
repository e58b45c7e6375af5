import { RunRefusedError, StoredRunConflictError, StoreVerificationError, UnsafeNameError } from '../errors.js'
import { type PreparedFile, type PreparedRun, prepareRun } from '../prepared-run.js'
import type { RunToStore, StoreOptions, StoreResult } from '../run-database.js'
import { sameFhicl } from './same-fhicl.js'
import {
  composition,
  download,
  exportWithTools,
  pathOf,
  refuseUselessEnd,
  type ToolExportContext,
} from './tool-export.js'
import { assertToolConfiguration, assertToolEntity } from './tool-names.js'
import { readToolReport } from './tool-report.js'
import type { JobEnd, JobFile } from './transport.js'

/** A run that the tools can be given. */
export interface ToolRun {
  readonly prepared: PreparedRun
  /** Text of each file by name, as it was given. */
  readonly texts: ReadonlyMap<string, string>
}

/**
 * Checks a run before anything is stored.
 *
 * @throws FhiclSyntaxError, UnsafeNameError, RangeError
 */
export async function prepareToolRun(run: RunToStore): Promise<ToolRun> {
  const prepared = await prepareRun(run)
  assertToolConfiguration(prepared.configuration)
  for (const { entity } of allFiles(prepared)) assertToolEntity(entity)
  const files = [...run.files, ...(run.update?.files ?? []), { name: 'schema.fcl', text: run.schema }]
  return { prepared, texts: new Map(files.map(({ name, text }) => [name, text])) }
}

/**
 * Gives the loader what the database lacks of a run and reads it back. Insert and update are stored together, under one version.
 *
 * @throws StoredRunConflictError, RunRefusedError, StoreVerificationError, ToolTimeoutError, DatabaseUnavailableError
 */
export async function storeWithTools(
  { prepared, texts }: ToolRun,
  context: ToolExportContext,
  { onConflict = 'error', signal }: StoreOptions,
): Promise<StoreResult> {
  const { configuration, schema } = prepared
  const { tools, options } = context
  const stored = await storedFiles()
  const wanted = allFiles(prepared)
  const differing = wanted
    .filter((file) => stored.has(pathOfFile(file)) && !sameFhicl(stored.get(pathOfFile(file)) ?? '', file.content))
    .map(({ entity }) => entity)
  if (differing.length > 0 && onConflict === 'error')
    throw new StoredRunConflictError(configuration.run, configuration.full, differing)
  // A schema describes how the run was stored at its time: one that is there is not compared with today's.
  const missing = [...wanted, schema].filter((file) => !stored.has(pathOfFile(file)))
  if (missing.length === 0) return { outcome: 'already-stored', documents: 0, differing }
  const end = await tools.load(configuration, missing.map(toJobFile), signal)
  await refuseUselessEnd(end, options.programs.bulkloader, configuration, context, signal)
  await verify(missing, end)
  return { outcome: stored.size > 0 ? 'completed' : 'stored', documents: missing.length, differing }

  async function storedFiles(): Promise<ReadonlyMap<string, string>> {
    const names = await tools.findConfigurations(`${configuration.run}/`, signal)
    if (!names.includes(configuration.full)) return new Map()
    const files = await exportWithTools(configuration, context, signal)
    return new Map(files.map(({ path, text }) => [path, text]))
  }

  /** Exit codes and counts of the loader are no proof: only what comes back is. */
  async function verify(files: readonly PreparedFile[], loaded: JobEnd): Promise<void> {
    const names = await tools.findConfigurations(`${configuration.run}/`, signal)
    if (!names.includes(configuration.full)) throw refused(files, loaded)
    const back = await download(configuration, context, signal)
    const absent = files.filter((file) => !back.files.has(pathOfFile(file)))
    if (absent.length > 0) {
      const listed = new Set(
        (await composition(configuration, context, signal)).map((entity) => pathOf(configuration, entity)),
      )
      const notStored = absent.filter((file) => !listed.has(pathOfFile(file)))
      if (notStored.length > 0) throw refused(notStored, loaded)
    }
    const wrong = files.filter(
      (file) => !sameFhicl(back.files.get(pathOfFile(file))?.toString('utf8') ?? '\0', file.content),
    )
    if (wrong.length > 0)
      throw new StoreVerificationError(
        configuration,
        wrong.map(({ entity }) => entity),
      )
  }

  function refused(files: readonly PreparedFile[], loaded: JobEnd): RunRefusedError {
    const { failed } = readToolReport(loaded.printed)
    const reason = loaded.code === 0 && failed === 0 ? 'it reported success' : tools.describe(loaded)
    return new RunRefusedError(
      configuration,
      files.map(({ entity }) => `${entity}.fcl`),
      reason,
    )
  }

  function pathOfFile(file: PreparedFile): string {
    return pathOf(configuration, file)
  }

  function toJobFile({ entity }: PreparedFile): JobFile {
    const name = `${entity}.fcl`
    const text = texts.get(name)
    if (text === undefined) throw new UnsafeNameError('entity', entity, 'it has no text')
    // The reader takes ASCII only, so each character is one byte.
    return { name, data: Buffer.from(text, 'latin1') }
  }
}

function allFiles({ files, update }: PreparedRun): PreparedFile[] {
  return [...files, ...(update?.files ?? [])]
}
