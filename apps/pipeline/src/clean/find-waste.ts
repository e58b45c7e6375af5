import { glob, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import type { PipelineDocument } from '@holdfast/txn-store/pipeline'
import { findFiles } from '../files/find-files.js'
import type { Pipeline } from '../pipeline.js'
import { makeJob } from '../plan/make-job.js'
import { lookUpPhase } from '../plan/scope.js'
import { isTable } from '../record/unit-record.js'

export interface WasteFile {
  readonly path: string
  readonly bytes: number
}

/** Logs older than that of which the state does not tell any more. */
export async function findOldLogs(
  document: Readonly<PipelineDocument>,
  statePath: string,
  olderThan: number,
): Promise<WasteFile[]> {
  const known = collectPaths(document, dirname(statePath))
  const folder = join(dirname(statePath), '.pipeline', 'logs')
  const found: WasteFile[] = []
  for await (const name of glob('**/*.log', { cwd: folder })) {
    const path = join(folder, name)
    if (known.has(path)) continue
    const { size, mtimeMs } = await stat(path)
    if (mtimeMs < olderThan) found.push({ path, bytes: size })
  }
  return found
}

/**
 * Files where phases write their outputs, of the inputs in the state, that nothing in the state tells of: chunks that there are no more, what failed attempts
 * have left.
 */
export async function findUnknownOutputs(
  pipeline: Pipeline,
  document: Readonly<PipelineDocument>,
  statePath: string,
): Promise<WasteFile[]> {
  const stateFolder = dirname(statePath)
  const known = collectPaths(document, stateFolder)
  known.add(statePath).add(resolve(pipeline.source))
  const inputs = isTable(document['inputs']) ? Object.entries(document['inputs']) : []
  const found = new Map<string, WasteFile>()
  for (const [fileId, input] of inputs) {
    if (typeof input !== 'string') continue
    const job = makeJob(pipeline, { input: resolve(stateFolder, input), fileId })
    for (const phase of pipeline.phases) {
      const lookup = lookUpPhase(job, phase, () => undefined)
      for (const { path: template } of Object.values(phase.outputs)) {
        // A path made of the outputs of another phase is only known while that runs.
        if (template.includes('${phases.')) continue
        for (const path of await findFiles(
          template.replaceAll(/\$\{\s*item\.[^}]*\}/g, '*'),
          lookup,
          pipeline.folder,
        )) {
          if (known.has(path)) continue
          const bytes = await sizeOf(path)
          if (bytes !== undefined) found.set(path, { path, bytes })
        }
      }
    }
  }
  return [...found.values()]
}

/** `undefined` for what is gone, and for folders. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path)
    return found.isFile() ? found.size : undefined
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Every text of the state, taken for a path: what is told of anywhere is known. */
function collectPaths(value: unknown, folder: string, found: Set<string> = new Set()): Set<string> {
  if (typeof value === 'string') found.add(resolve(folder, value))
  else if (Array.isArray(value)) for (const one of value) collectPaths(one, folder, found)
  else if (isTable(value)) for (const one of Object.values(value)) collectPaths(one, folder, found)
  return found
}
