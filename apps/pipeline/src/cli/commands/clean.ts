import { removeFile } from '@holdfast/atomic-file'
import { harmless, parseDuration } from '@holdfast/cli-kit'
import { PipelineState } from '@holdfast/txn-store/pipeline'
import { InvalidArgumentError } from 'commander'
import { findOldLogs, findUnknownOutputs, type WasteFile } from '../../clean/find-waste.js'
import { loadPipeline } from '../../definition/load-pipeline.js'
import { formatBytes } from '../../doctor/check-folders.js'
import { lockAllInputs } from '../../run/lock-inputs.js'
import { findStatePath } from '../../run/run-pipeline.js'
import type { CommandContext, CommandResult, DefineCommand } from '../command.js'
import { STATE_OPTION } from '../option-values.js'

interface Given {
  readonly pipelineJson?: string
  readonly olderThan: number
  readonly yes?: boolean
}

export const defineClean: DefineCommand = (program, take) => {
  program
    .command('clean')
    .description('remove old logs, and outputs that the state does not tell of; asks first')
    .argument('<file>', 'the pipeline')
    .option(...STATE_OPTION)
    .option('--older-than <time>', "logs older than that, such as '12h'", parseAge, DEFAULT_AGE_MS)
    .option('-y, --yes', 'do not ask')
    .action((file: string, given: Given) => take((context) => clean(file, given, context)))
}

async function clean(file: string, given: Given, context: CommandContext): Promise<CommandResult> {
  const pipeline = await loadPipeline(file)
  const path = findStatePath(pipeline, given.pipelineJson)
  await using stack = new AsyncDisposableStack()
  if (!context.dryRun) stack.use(await lockAllInputs(path))
  await using state = new PipelineState(path)
  const document = await state.read({ validate: false })
  const logs = await findOldLogs(document, path, context.now() - given.olderThan)
  const outputs = await findUnknownOutputs(pipeline, document, path)
  const removed = [
    ...(await removeSome(logs, `${count(logs, 'old log')} that the state does not tell of`, given, context)),
    ...(await removeSome(outputs, `${count(outputs, 'output')} that the state does not tell of`, given, context)),
  ]
  const verb = context.dryRun ? 'would be removed' : 'removed'
  const listed = context.dryRun ? [...logs, ...outputs] : removed
  const lines = listed.map(({ path: name, bytes }) => `${formatBytes(bytes).padStart(10)}  ${harmless(name)}\n`)
  return {
    text: `${lines.join('')}${count(listed, 'file')} ${verb}\n`,
    document: { state: path, dryRun: context.dryRun, logs, outputs, removed },
  }
}

async function removeSome(
  files: readonly WasteFile[],
  what: string,
  { yes }: Given,
  { dryRun, confirm, note, signal }: CommandContext,
): Promise<readonly WasteFile[]> {
  if (files.length === 0 || dryRun) return []
  if (yes !== true) {
    for (const { path } of files) note(path)
    if (!(await confirm(`Remove ${what}?`))) return []
  }
  const removed: WasteFile[] = []
  for (const file of files) {
    signal.throwIfAborted()
    if (await removeFile(file.path)) removed.push(file)
  }
  return removed
}

function count(files: readonly WasteFile[], noun: string): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return `${files.length} ${noun}${files.length === 1 ? '' : 's'} (${formatBytes(bytes)})`
}

function parseAge(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  throw new InvalidArgumentError("It must be a time such as '30d' or '12h'.")
}

const DEFAULT_AGE_MS = 30 * 86_400_000
