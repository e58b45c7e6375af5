import { readFhicl } from '@holdfast/fhicl'
import { DatabaseDamagedError, DatabaseUnavailableError, IncompleteExportError, ToolTimeoutError } from '../errors.js'
import { type ConfigurationName, exportPath } from '../names.js'
import type { DatabaseLogger, ExportedFile } from '../run-database.js'
import type { ComposedEntity, SiteTools } from './site-tools.js'
import type { ResolvedToolOptions } from './tool-options.js'
import { readToolReport } from './tool-report.js'
import type { JobEnd } from './transport.js'

export interface ToolExportContext {
  readonly tools: SiteTools
  readonly options: ResolvedToolOptions
  readonly location: string
  readonly logger: DatabaseLogger
}

/**
 * Everything that the database lists for a configuration, as the downloader delivers it.
 *
 * @throws IncompleteExportError when a file is missing or cut off, whatever the downloader says about its success.
 */
export async function exportWithTools(
  configuration: ConfigurationName,
  context: ToolExportContext,
  signal?: AbortSignal,
): Promise<ExportedFile[]> {
  const listed = await composition(configuration, context, signal)
  const paths = [...new Set(listed.map((entity) => pathOf(configuration, entity)))].sort()
  const end = await download(configuration, context, signal)
  const { files } = end
  const missing = paths.filter((path) => !isWhole(files.get(path), path))
  const { failed } = readToolReport(end.printed)
  if (missing.length > 0 || failed > 0 || end.code !== 0)
    throw new IncompleteExportError(configuration, missing, context.tools.describe(end))
  const extra = [...files.keys()].filter((path) => path.endsWith('.fcl') && !paths.includes(path))
  if (extra.length > 0) {
    const text = context.tools.text(extra.join(', '))
    context.logger.warn(
      `The export of '${configuration.full}' holds files that are not listed for it, left out: ${text}`,
    )
  }
  return paths.map((path) => ({ path, text: files.get(path)?.toString('utf8') ?? '' }))
}

/** What the downloader delivers, listed or not. */
export async function download(
  configuration: ConfigurationName,
  context: ToolExportContext,
  signal?: AbortSignal,
): Promise<JobEnd> {
  const end = await context.tools.download(configuration, signal)
  await refuseUselessEnd(end, context.options.programs.bulkdownloader, configuration, context, signal)
  return end
}

/**
 * Tells a tool that cannot work at all from one that failed for this run: in doubt the database is asked whether it answers.
 *
 * @throws DatabaseUnavailableError, ToolTimeoutError
 */
export async function refuseUselessEnd(
  end: JobEnd,
  program: string,
  configuration: ConfigurationName,
  context: ToolExportContext,
  signal?: AbortSignal,
): Promise<void> {
  if (end.code === 0) return
  if (end.code !== undefined && CALLED_WRONGLY.has(end.code)) throw context.tools.unavailable(program, end)
  await context.tools.findConfigurations(`${configuration.run}/`, signal)
  if (end.timedOut) throw new ToolTimeoutError(configuration.run, program, context.options.timeoutMs)
}

/** A wrong option, a missing one, and a program that is not there or lacks a library. */
const CALLED_WRONGLY: ReadonlySet<number> = new Set([126, 127, 128, 129, 130, 131])

export async function composition(
  configuration: ConfigurationName,
  { tools, location }: ToolExportContext,
  signal?: AbortSignal,
): Promise<ComposedEntity[]> {
  try {
    return await tools.composition(configuration, signal)
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) throw error
    // When the database answers otherwise, it is this run that cannot be read.
    await tools.findConfigurations(`${configuration.run}/`, signal)
    const path = `${location} ${configuration.full}`
    throw new DatabaseDamagedError(path, 'the database cannot say what belongs to it', error.message, undefined, error)
  }
}

/** @throws UnsafeNameError for a name that leads out of the export. */
export function pathOf({ name }: ConfigurationName, { collection, entity }: ComposedEntity): string {
  return exportPath(collection === 'SystemLayout' ? '' : name, entity)
}

function isWhole(data: Buffer | undefined, path: string): boolean {
  if (data === undefined) return false
  // A file of nothing but comments is exported as an empty one.
  if (data.length === 0) return true
  try {
    readFhicl(data, { source: path })
    return true
  } catch {
    return false
  }
}
