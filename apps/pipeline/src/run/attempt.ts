import { dirname, resolve } from 'node:path'
import { makeDirectory } from '@holdfast/atomic-file'
import { AttemptError } from '../errors.js'
import { findFiles, isPattern } from '../files/find-files.js'
import type { CommandWork, Phase, PhaseContext } from '../pipeline.js'
import { type Item, resolveParams } from '../plan/scope.js'
import type { PhaseMessage } from '../process/phase-messages.js'
import { runCommand } from '../process/run-command.js'
import type { Result } from '../record/recorder.js'
import { expand, expandOne, type Lookup } from '../variables.js'
import { findOldOutputs, takeFile, takeOutputs } from './check-outputs.js'
import { outputsIn, type RunContext } from './run-context.js'
import { runFunction } from './run-function.js'

export interface Attempt {
  readonly phase: Phase
  readonly item: Item | undefined
  readonly number: number
  /** In the environment of its processes and of no others. */
  readonly attemptId: string
  readonly logPath: string
  readonly lookup: Lookup
}

/** The name of the variable by which the processes of an attempt are known. */
export const ATTEMPT_VARIABLE = 'PIPELINE_ATTEMPT_ID'

/**
 * One attempt: the work, the check, the outputs. Nothing counts as done before all of that is.
 *
 * @throws AttemptError
 */
export async function attemptUnit(attempt: Attempt, context: RunContext): Promise<Omit<Result, 'fingerprint'>> {
  const { phase, lookup } = attempt
  const { folder } = context.job.pipeline
  const { stateFolder } = context
  const old = await findOldOutputs(phase, lookup, folder)
  for (const { path } of Object.values(phase.outputs)) {
    if (!isPattern(path)) await makeDirectory(dirname(resolve(folder, expandOne(path, lookup))))
  }
  const metrics: Record<string, number | string> = {}
  const extra: Record<string, string> = {}
  const onMessage = (message: PhaseMessage): void => {
    if ('metric' in message) metrics[message.metric.name] = message.metric.value
    else if ('artifact' in message) extra[message.artifact.name] = message.artifact.path
    else tellProgress(attempt, context, message.progress, message.message)
  }
  const targets = await findTargets(phase, lookup, folder)
  const full: Lookup = (name) => targets[name] ?? (name === 'attempt' ? [String(attempt.number)] : lookup(name))
  if (phase.work.kind === 'command') await runWork(phase.work, full, attempt, context, onMessage)
  else await runFunction(phase.work, makeContext(attempt, context, targets, onMessage), attempt, context)
  if (phase.check !== undefined && phase.work.kind === 'command')
    await runCheck(phase.check, phase.work, full, attempt, context)
  const { outputs, leftAlone } = await takeOutputs(phase, lookup, { folder, stateFolder, old })
  for (const [name, count] of Object.entries(leftAlone)) {
    const message = `left ${count} files alone that match the output '${name}': they are not part of the result`
    context.onEvent({ type: 'warning', phase: phase.id, item: attempt.item?.id, message })
  }
  for (const [name, path] of Object.entries(extra)) {
    if (Object.hasOwn(outputs, name))
      throw new AttemptError('BadOutput', `The artifact '${name}' has the name of an output`)
    outputs[name] = [await takeFile(name, resolve(folder, path), stateFolder)]
  }
  for (const { path, ...facts } of Object.values(outputs).flat()) context.known.set(resolve(stateFolder, path), facts)
  return { outputs, metrics }
}

async function runWork(
  work: CommandWork,
  lookup: Lookup,
  attempt: Attempt,
  context: RunContext,
  onMessage: (message: PhaseMessage) => void,
): Promise<void> {
  const argv =
    work.shellLine === undefined
      ? (work.argv ?? []).flatMap((text) => expand(text, lookup))
      : ['/bin/sh', '-c', expandOne(work.shellLine, quoted(lookup))]
  const { timeoutMs, quietTimeoutMs } = attempt.phase
  await runCommand({ ...commandOptions(work, lookup, attempt, context), argv, timeoutMs, quietTimeoutMs, onMessage })
}

async function runCheck(
  check: readonly string[],
  work: CommandWork,
  lookup: Lookup,
  attempt: Attempt,
  context: RunContext,
): Promise<void> {
  try {
    const argv = check.flatMap((text) => expand(text, lookup))
    await runCommand({
      ...commandOptions(work, lookup, attempt, context),
      argv,
      timeoutMs: attempt.phase.timeoutMs,
      onMessage: () => undefined,
    })
  } catch (error) {
    if (!(error instanceof AttemptError) || error.kind === 'Cancelled') throw error
    throw new AttemptError('CheckFailed', `The check did not succeed: ${error.message}`, {
      hint: error.hint,
      cause: error,
    })
  }
}

function commandOptions(
  work: CommandWork,
  lookup: Lookup,
  attempt: Attempt,
  context: RunContext,
): Omit<Parameters<typeof runCommand>[0], 'argv' | 'onMessage'> {
  const { phase, item, number, attemptId, logPath } = attempt
  const passed = [...PASSED, ...work.pass].flatMap((name) => {
    const value = context.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    cwd: resolve(context.job.pipeline.folder, expandOne(work.cwd, lookup)),
    env: {
      ...Object.fromEntries(passed),
      ...Object.fromEntries(Object.entries(work.set).map(([name, text]) => [name, expandOne(text, lookup)])),
      PIPELINE_FILE_ID: context.job.fileId,
      PIPELINE_PHASE: phase.id,
      PIPELINE_ATTEMPT: String(number),
      ...(item === undefined ? {} : { PIPELINE_ITEM: item.id }),
      PIPELINE_EVENTS_FD: '3',
      [ATTEMPT_VARIABLE]: attemptId,
    },
    marker: `${ATTEMPT_VARIABLE}=${attemptId}`,
    logPath,
    graceMs: context.graceMs,
    signal: context.signal,
    hurry: context.hurry,
    onWarning: (message) => context.onEvent({ type: 'warning', phase: phase.id, item: item?.id, message }),
  }
}

/** What nearly every program needs; nothing secret is among it. */
const PASSED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR', 'TERM']

/** Values become single words of a shell line, whatever is in them. */
function quoted(lookup: Lookup): Lookup {
  return (name) => {
    const values = lookup(name)
    return values === undefined ? undefined : [values.map((value) => `'${value.replaceAll("'", "'\\''")}'`).join(' ')]
  }
}

/** `outputs.name` for each output: where it has to be written. */
async function findTargets(
  { outputs }: Phase,
  lookup: Lookup,
  folder: string,
): Promise<Record<string, readonly string[]>> {
  return Object.fromEntries(
    await Promise.all(
      Object.entries(outputs).map(async ([name, { path }]) => [
        `outputs.${name}`,
        isPattern(path) ? [resolve(folder, expandOne(path, lookup))] : await findFiles(path, lookup, folder),
      ]),
    ),
  )
}

function makeContext(
  { phase, item, number, lookup }: Attempt,
  context: RunContext,
  targets: Readonly<Record<string, readonly string[]>>,
  onMessage: (message: PhaseMessage) => void,
): Omit<PhaseContext, 'signal'> {
  const findOutputs = outputsIn(context)
  return {
    input: context.job.input,
    fileId: context.job.fileId,
    item,
    params: resolveParams(context.job, phase),
    state: { phase: (id) => context.records.get(id)?.raw },
    outputs: (id, name) => {
      const found = findOutputs(id, name)
      if (found === undefined) throw new RangeError(`There is no output '${name}' of a phase '${id}'`)
      return found
    },
    targets: Object.fromEntries(
      Object.keys(phase.outputs).map((name) => [name, targets[`outputs.${name}`]?.[0] ?? expandOne(name, lookup)]),
    ),
    progress: (progress, message) => onMessage({ progress, message }),
    metric: (name, value) => onMessage({ metric: { name, value } }),
    attempt: number,
  }
}

function tellProgress(
  { phase, item }: Attempt,
  { onEvent }: RunContext,
  done: number,
  message: string | undefined,
): void {
  onEvent({ type: 'progress', phase: phase.id, item: item?.id, done, message })
}
