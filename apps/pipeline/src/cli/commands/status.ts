import { setTimeout as wait } from 'node:timers/promises'
import { toHarmlessJson, UsageError } from '@holdfast/cli-kit'
import { PipelineState } from '@holdfast/txn-store/pipeline'
import { makeJob } from '../../plan/make-job.js'
import { type InputState, readStatus } from '../../status/read-status.js'
import type { CommandContext, CommandResult, DefineCommand } from '../command.js'
import { openLogUpdate } from '../display/log-update.js'
import { renderStatus } from '../display/render-status.js'
import { EXIT } from '../exit-codes.js'
import { FILE_ARGUMENT, type FoundState, findState } from '../find-state.js'
import { fileIdOption, STATE_OPTION } from '../option-values.js'

interface Given {
  readonly pipelineJson?: string
  readonly input?: string
  readonly fileId?: string
  readonly watch?: boolean
}

export const defineStatus: DefineCommand = (program, take) => {
  program
    .command('status')
    .description('what is done, what is not, what runs, and whether who runs it is alive')
    .argument(...FILE_ARGUMENT)
    .option(...STATE_OPTION)
    .option('--input <path>', 'only this input')
    .addOption(fileIdOption())
    .option('--watch', 'again whenever something changes, until interrupted; with --json one document a line')
    .action((file: string | undefined, given: Given) => take((context) => status(file, given, context)))
}

async function status(file: string | undefined, given: Given, context: CommandContext): Promise<CommandResult> {
  const found = await findState(file, given.pipelineJson)
  const options = { phases: found.pipeline?.phases.map(({ id }) => id), fileId: findFileId(found, given) }
  await using state = new PipelineState(found.path)
  const look = async (): Promise<InputState[]> => readStatus(await state.read({ validate: false }), options)
  if (given.watch === true) return await watch(look, found.path, context)
  const inputs = await look()
  return { text: renderStatus(inputs, context.now()), document: { state: found.path, inputs } }
}

function findFileId({ pipeline }: FoundState, { input, fileId }: Given): string | undefined {
  if (fileId !== undefined || input === undefined) return fileId
  if (pipeline !== undefined) return makeJob(pipeline, { input }).fileId
  throw new UsageError("'--input' needs the pipeline, which tells what it is called; or name it with '--file-id'")
}

/** On a terminal a picture in place, otherwise each state below the other. */
async function watch(look: () => Promise<InputState[]>, path: string, context: CommandContext): Promise<CommandResult> {
  const { signal, asJson, print, now, output } = context
  const screen = output.isTTY === true && !asJson ? await openLogUpdate(output) : undefined
  let last = ''
  try {
    for (;;) {
      const inputs = await look()
      const text = asJson ? `${toHarmlessJson({ state: path, inputs }, 0)}\n` : renderStatus(inputs, now())
      // Only what is recorded counts: the time that something has been running is no change.
      const key = JSON.stringify(inputs)
      if (screen !== undefined) screen(text)
      else if (key !== last) await print(text)
      last = key
      await wait(POLL_MS, undefined, { signal })
    }
  } catch (error) {
    if (!signal.aborted) throw error
    return { text: '', document: undefined, exitCode: EXIT.interrupted }
  } finally {
    screen?.done()
  }
}

const POLL_MS = 500
