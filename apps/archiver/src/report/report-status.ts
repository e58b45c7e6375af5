import { stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { errorCode, writeFileAtomic } from '@holdfast/atomic-file'
import { EXIT } from '../cli/exit-codes.js'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { ReportFolderError } from '../errors.js'
import type { Execution } from '../execution.js'
import type { Logger } from '../log/logger.js'
import type { RunEvent } from '../stages/run-events.js'
import { readVersion } from '../version.js'
import { type Discrepancy, findDiscrepancies } from './find-discrepancies.js'
import { gatherFacts } from './page-facts.js'
import { renderPage } from './render-page.js'
import { renderReport } from './render-report.js'
import { makeStatusReport, type ReportSources, type StatusReport, withoutStages } from './status-report.js'

export interface ReportStatusOptions {
  readonly configPath: string
  readonly compareState: boolean
  /** Exit with 1 on a discrepancy. */
  readonly exitCode: boolean
  /** Also write the report as a page there. */
  readonly htmlFile: string | undefined
  /** Writes no page. */
  readonly dryRun: boolean
}

export interface ReportStatusDeps {
  readonly logger: Logger
  /** Epoch milliseconds. */
  readonly now: () => number
  /** What happened to the runs; asked for when a page is made. A history that cannot be read is a warning, and the page says that there is none. */
  readonly readEvents: () => Promise<readonly RunEvent[]>
}

/** The report as text, as a document and, when asked for, as a page that is durable on return. @throws ReportFolderError before anything is read. */
export async function reportStatus(
  config: ArchiverConfig,
  sources: ReportSources,
  options: ReportStatusOptions,
  { logger, now, readEvents }: ReportStatusDeps,
): Promise<Execution> {
  const { compareState, htmlFile } = options
  if (htmlFile !== undefined) await checkFolder(htmlFile)
  const durations: { what: string; ms: number }[] = []
  const timed =
    <T>(what: string, work: () => Promise<T>) =>
    async (): Promise<T> => {
      const start = performance.now()
      return await work().finally(() => durations.push({ what, ms: performance.now() - start }))
    }
  const full = await timed('Whole report', () =>
    makeStatusReport(
      config,
      {
        filesystem: timed('Reading the run records', sources.filesystem),
        artdaqdb: timed('Reading artdaqDB', sources.artdaqdb),
        ucondb: timed('Reading UconDB', sources.ucondb),
      },
      { compareState: compareState || htmlFile !== undefined, logger },
    ),
  )()
  if (htmlFile !== undefined && options.dryRun) logger.info(`A dry run writes no page; '${htmlFile}' is left as it is`)
  else if (htmlFile !== undefined) {
    const events = await timed('Reading the history', () => readEvents().catch((error: unknown) => warn(error)))()
    const origin = {
      configPath: resolve(options.configPath),
      workDir: config.workDir,
      host: hostname(),
      madeAtMs: now(),
      version: readVersion(),
      nodeVersion: process.versions.node,
      durations,
    }
    await writeFileAtomic(htmlFile, renderPage(gatherFacts({ status: full, events, origin })))
    logger.info(`The report is a page now: '${htmlFile}'`)
  }
  const status: StatusReport & { discrepancies?: readonly Discrepancy[] } = compareState
    ? { ...full, discrepancies: findDiscrepancies(full) }
    : withoutStages(full)
  const differs = options.exitCode && (status.discrepancies ?? []).length > 0
  return {
    text: renderReport(status),
    document: status,
    exitCode: status.complete && !differs ? EXIT.success : EXIT.failure,
  }

  function warn(error: unknown): readonly RunEvent[] {
    logger.warn(
      `The history cannot be read, the page goes without it: ${error instanceof Error ? error.message : String(error)}`,
    )
    return []
  }
}

async function checkFolder(file: string): Promise<void> {
  const folder = dirname(resolve(file))
  const found = await stat(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined
    throw error
  })
  if (found?.isDirectory() !== true) throw new ReportFolderError(file, folder)
  const target = await stat(file).catch(() => undefined)
  if (target?.isDirectory() === true) throw new ReportFolderError(file, undefined)
}
