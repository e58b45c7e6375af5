import { spawn } from 'node:child_process'
import { open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { errorCode, makeDirectory } from '@holdfast/atomic-file'
import { AttemptError } from '../errors.js'
import { endProcesses, isGroupAlive } from './end-processes.js'
import { LineSplitter } from './line-splitter.js'
import { type PhaseMessage, parsePhaseMessage } from './phase-messages.js'
import { readTail } from './read-tail.js'

export interface CommandOptions {
  /** The program and its arguments. */
  readonly argv: readonly string[]
  readonly cwd: string
  /** All of the environment. */
  readonly env: Readonly<Record<string, string>>
  /** `NAME=value`, in the environment of this attempt and of no other. */
  readonly marker: string
  /** Everything that it writes to stdout and stderr is added to this file as it comes. */
  readonly logPath: string
  readonly timeoutMs?: number | undefined
  readonly quietTimeoutMs?: number | undefined
  readonly graceMs: number
  readonly signal: AbortSignal
  /** Aborts when what is being ended gets no more time. */
  readonly hurry?: AbortSignal | undefined
  readonly onMessage: (message: PhaseMessage) => void
  readonly onWarning: (text: string) => void
}

/**
 * Runs a program in a process group of its own until it and all that it started have ended.
 *
 * @throws AttemptError when it did not end with exit code 0; its hint has the last lines of the output
 */
export async function runCommand(options: CommandOptions): Promise<void> {
  const { argv, cwd, env, marker, logPath, timeoutMs, graceMs, signal, hurry } = options
  const [program = '', ...args] = argv
  await makeDirectory(dirname(logPath))
  await using log = await open(logPath, 'a')
  const from = (await log.stat()).size
  const stop = new AbortController()
  const calledOff = (): void => stop.abort(new AttemptError('Cancelled', 'Called off'))
  if (signal.aborted) calledOff()
  stop.signal.throwIfAborted()
  signal.addEventListener('abort', calledOff, { once: true })
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => stop.abort(new AttemptError('Timeout', `Not done within ${formatSeconds(timeoutMs)}`)),
          Math.min(timeoutMs, MAX_TIMER_MS),
        )
  const quiet = watchForSilence(options, from)
  try {
    // The output goes into the file without passing through here, so that nothing of it is lost when this process is killed.
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', log.fd, log.fd, 'pipe'] })
    const exit = new Promise<{ code: number | null; killedBy: string | null }>((resolve, reject) => {
      child.once('error', (cause) => reject(notStarted(program, cwd, cause)))
      child.once('exit', (code, killedBy) => resolve({ code, killedBy }))
    })
    const { pid } = child
    if (pid === undefined) return void (await exit)
    const messages = readMessages(child.stdio[3] as Readable, options)
    const stopped = Promise.withResolvers<void>()
    const onStop = (): void => {
      endProcesses(pid, { marker, graceMs, hurry }).then(() => stopped.resolve(), stopped.reject)
    }
    stop.signal.addEventListener('abort', onStop, { once: true })
    const { code, killedBy } = await exit
    if (stop.signal.aborted) await stopped.promise
    else if ((await isGroupAlive(pid)) || !(await isWithin(messages.ended, PIPE_GRACE_MS))) {
      // Who has left the group still has the pipe, unless it was closed on purpose.
      const isGroupLeft = await isGroupAlive(pid)
      const strays = await endProcesses(pid, { marker, graceMs, hurry })
      if (isGroupLeft || strays > 0) options.onWarning('left processes behind, which were ended')
    }
    await isWithin(messages.ended, MESSAGES_GRACE_MS)
    messages.close()
    stop.signal.removeEventListener('abort', onStop)
    if (stop.signal.aborted) throw stop.signal.reason
    if (code === 0) return
    const hint = (await readTail(logPath, { lines: TAIL_LINES, from })).join('\n')
    if (killedBy !== null) throw new AttemptError('Signal', `Ended by ${killedBy}`, { signal: killedBy, hint })
    throw new AttemptError('ExitCode', `Ended with exit code ${code}`, { exitCode: code ?? undefined, hint })
  } finally {
    clearTimeout(timer)
    clearInterval(quiet)
    signal.removeEventListener('abort', calledOff)
  }
}

const TAIL_LINES = 20
const MAX_TIMER_MS = 2 ** 31 - 1
/** A process that has left may still hold the pipe open. */
const MESSAGES_GRACE_MS = 1000
const PIPE_GRACE_MS = 50

async function isWithin(ended: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController()
  const late = wait(ms, false, { signal: timer.signal }).catch(() => false)
  try {
    return await Promise.race([ended.then(() => true), late])
  } finally {
    timer.abort()
  }
}

function notStarted(program: string, cwd: string, cause: Error): AttemptError {
  const reason =
    errorCode(cause) === 'ENOENT' ? `there is no program '${program}', or no folder '${cwd}'` : cause.message
  return new AttemptError('NotStarted', `Cannot start '${program}': ${reason}`, { cause })
}

function readMessages(
  stream: Readable,
  { onMessage, onWarning }: CommandOptions,
): { readonly ended: Promise<void>; readonly close: () => void } {
  const lines = new LineSplitter((line) => {
    if (line.trim() === '') return
    const message = parsePhaseMessage(line)
    if (message === undefined) onWarning(`wrote a line that is no message: ${line.slice(0, 200)}`)
    else onMessage(message)
  })
  const ended = new Promise<void>((resolve) => {
    stream.on('data', (chunk: Buffer) => lines.push(chunk))
    stream.once('close', () => {
      lines.end()
      resolve()
    })
    // A pipe that breaks is closed, too.
    stream.on('error', () => undefined)
  })
  return { ended, close: () => stream.destroy() }
}

/** Says once for each silence that nothing was written for so long. */
function watchForSilence(
  { quietTimeoutMs, logPath, onWarning }: CommandOptions,
  from: number,
): NodeJS.Timeout | undefined {
  if (quietTimeoutMs === undefined) return undefined
  let size = from
  let since = performance.now()
  let isTold = false
  const look = async (): Promise<void> => {
    const now = (await stat(logPath)).size
    if (now !== size) {
      size = now
      since = performance.now()
      isTold = false
    } else if (!isTold && performance.now() - since >= quietTimeoutMs) {
      isTold = true
      onWarning(`has been silent for ${formatSeconds(quietTimeoutMs)}`)
    }
  }
  return setInterval(() => look().catch(() => undefined), Math.max(50, Math.min(quietTimeoutMs / 4, 5000)))
}

function formatSeconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`
}
