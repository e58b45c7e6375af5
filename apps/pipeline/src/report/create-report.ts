import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { writeFileAtomic } from '@holdfast/atomic-file'
import type { TransactionRecord } from '@holdfast/txn-store'
import { type PipelineDocument, PipelineState } from '@holdfast/txn-store/pipeline'
import { InputError } from '../errors.js'
import type { Pipeline } from '../pipeline.js'
import { isOwnerAlive } from '../record/owner.js'
import { toFileName } from '../run/run-context.js'
import { findInputs, gatherFacts } from './gather-facts.js'
import { renderReport } from './render-report.js'
import type { ReportFacts } from './report-facts.js'

export interface ReportOptions {
  readonly statePath: string
  /** @default only what the document says */
  readonly pipeline?: Pipeline | undefined
  /** @default all inputs of the document */
  readonly fileId?: string | undefined
  /** @default 'report.html', for one input 'report-<id>.html', beside the document */
  readonly output?: string | undefined
  /** How many transactions are told. @default 30 */
  readonly historyLimit?: number | undefined
  /** Makes the page and does not write it. @default false */
  readonly dryRun?: boolean
  readonly now: () => number
}

export interface CreatedReport {
  /** Absolute. */
  readonly report: string
  readonly bytes: number
  readonly facts: ReportFacts
}

/**
 * Writes a report of a pipeline.json, whole or not at all, and nothing else: no lock is taken and the document is left as it is.
 *
 * @throws InputError when there is no document or no such input in it; StateReadError when it is damaged
 */
export async function createReport(options: ReportOptions): Promise<CreatedReport> {
  const { fileId, historyLimit = DEFAULT_HISTORY, dryRun = false, now } = options
  const statePath = resolve(options.statePath)
  const name = fileId === undefined ? 'report.html' : `report-${toFileName(fileId)}.html`
  const report = resolve(options.output ?? join(dirname(statePath), name))
  const { document, history } = await read(statePath, historyLimit)
  assertKnown(document, fileId, statePath)
  const facts = gatherFacts(document, {
    statePath,
    reportFolder: dirname(report),
    pipeline: options.pipeline,
    fileId,
    history,
    nowMs: now(),
    isOwnerAlive,
  })
  const page = Buffer.from(renderReport(facts))
  if (!dryRun) await writeFileAtomic(report, page)
  return { report, bytes: page.length, facts }
}

const DEFAULT_HISTORY = 30

async function read(
  path: string,
  limit: number,
): Promise<{ readonly document: Readonly<PipelineDocument>; readonly history: readonly TransactionRecord[] }> {
  const state = new PipelineState(path)
  const document = await state.read({ validate: false })
  if (Object.keys(document).length === 0 && !existsSync(path))
    throw new InputError(`There is no '${path}'`, { hint: 'Name it with --pipeline-json' })
  const history = limit === 0 ? [] : await state.getTransactionHistory({ limit })
  return { document, history }
}

function assertKnown(document: Readonly<PipelineDocument>, fileId: string | undefined, path: string): void {
  const known = findInputs(document)
  if (fileId === undefined || known.includes(fileId)) return
  throw new InputError(`'${path}' tells of no input '${fileId}'`, {
    hint: known.length === 0 ? undefined : `It has: ${known.slice(0, MAX_NAMED).join(', ')}`,
  })
}

const MAX_NAMED = 10
