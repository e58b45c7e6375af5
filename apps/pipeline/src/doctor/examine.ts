import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import { PipelineState } from '@holdfast/txn-store/pipeline'
import type { Pipeline } from '../pipeline.js'
import { previewRun } from '../preview/preview-run.js'
import { findStatePath } from '../run/run-pipeline.js'
import { checkFolders, checkSpace } from './check-folders.js'
import { checkEnvironment, checkPrograms } from './check-programs.js'
import type { Finding } from './finding.js'

export interface ExamineOptions {
  readonly statePath: string | undefined
  readonly inputs: readonly string[]
  readonly fileId: string | undefined
  readonly minFreeBytes: number
  readonly env: Readonly<Record<string, string | undefined>>
  /** What an error tells to do. */
  readonly hintOf: (error: unknown) => string | undefined
}

/** Looks at everything that can be seen to go wrong before hours of work are spent. Reads only. */
export async function examine(pipeline: Pipeline, options: ExamineOptions): Promise<Finding[]> {
  const { env, minFreeBytes } = options
  const statePath = findStatePath(pipeline, options.statePath)
  const stateFolder = dirname(statePath)
  const state = await checkState(statePath, options)
  const inputs = state.level === 'failed' ? [] : await checkInputs(pipeline, statePath, options)
  return [
    ...(await checkPrograms(pipeline, env)),
    ...checkEnvironment(pipeline, env),
    ...(await checkFolders(pipeline, stateFolder)),
    ...(await checkSpace(pipeline, stateFolder, minFreeBytes)),
    state,
    ...inputs,
  ]
}

async function checkState(path: string, { hintOf }: ExamineOptions): Promise<Finding> {
  try {
    await using state = new PipelineState(path)
    await state.read({ validate: true })
    await access(path, constants.R_OK | constants.W_OK)
    return { check: 'state', level: 'ok', message: `The state '${path}' is good`, fix: undefined }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return { check: 'state', level: 'ok', message: `There is no state yet: '${path}'`, fix: undefined }
    }
    const message = error instanceof Error ? error.message : String(error)
    return { check: 'state', level: 'failed', message, fix: hintOf(error) }
  }
}

async function checkInputs(pipeline: Pipeline, statePath: string, options: ExamineOptions): Promise<Finding[]> {
  const findings: Finding[] = []
  const ids = new Map<string, string>()
  for (const input of options.inputs) findings.push(await checkInput(pipeline, input, ids, { ...options, statePath }))
  return findings
}

async function checkInput(
  pipeline: Pipeline,
  input: string,
  ids: Map<string, string>,
  { statePath, fileId, hintOf }: ExamineOptions,
): Promise<Finding> {
  const bad = (message: string, fix: string | undefined): Finding => ({ check: 'input', level: 'failed', message, fix })
  try {
    const { fileId: id, isBusy } = await previewRun(pipeline, { input, fileId, statePath })
    const other = ids.get(id)
    ids.set(id, input)
    if (other !== undefined) return bad(`'${input}' and '${other}' have the same id '${id}'`, 'Run one with --file-id')
    if (isBusy) return bad(`Another process is at work on '${input}'`, "Wait until it is done, see 'pipeline status'")
    await access(input, constants.R_OK)
    const { size } = await stat(input)
    if (size > 0) return { check: 'input', level: 'ok', message: `The input '${input}' can be read`, fix: undefined }
    return { check: 'input', level: 'warning', message: `The input '${input}' is empty`, fix: 'Is it the right file?' }
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return bad(
      error instanceof Error ? error.message : String(error),
      hintOf(error) ?? 'Look at the path and its rights',
    )
  }
}
