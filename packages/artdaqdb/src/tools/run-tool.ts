import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { GuardAnswer, GuardOrder } from './guard-messages.js'
import { OutputEnds } from './output-ends.js'

export interface ToolCall {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly folder: string
  /** Sent to the tool; its standard input then stays open until the tool ends or has to end. Absent: the tool gets none. */
  readonly input?: Uint8Array
  readonly timeoutMs: number
  /** How long the tool may take to end after it was told to, before it is killed. */
  readonly graceMs: number
  /** How long to wait for it to end by itself after its input was closed, before it is told to. @default 0 */
  readonly inputGraceMs?: number
  readonly signal?: AbortSignal | undefined
  /** Gets all of standard output; what it throws ends the tool. Absent: the ends of the output are kept. */
  readonly onOutput?: (bytes: Buffer) => void
}

export interface ToolEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The system's error code when the program could not be started. */
  readonly notStarted: string | undefined
  readonly timedOut: boolean
  /** Beginning and end of what it printed. */
  readonly stdout: string
  readonly stderr: string
}

const GUARD = fileURLToPath(new URL('./guard.js', import.meta.url))
const LAST_RESORT_MS = 5_000
const STRAGGLERS_MS = 1_000

/**
 * Runs a program and waits for its end. Nothing that it started in its process group is left running then; also not when this process is
 * killed meanwhile. A process that leaves the group (a daemon) escapes.
 *
 * @throws the reason of `signal`, and what `onOutput` throws, after everything has ended.
 */
export async function runTool(call: ToolCall): Promise<ToolEnd> {
  call.signal?.throwIfAborted()
  // Node runs with our environment, which it is known to work with, and the tool with its own.
  const guard = spawn(process.execPath, [GUARD], {
    cwd: call.folder,
    detached: true,
    stdio: [call.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', 'ipc'],
  })
  const run = new GuardedRun(guard, call)
  return await run.finished()
}

class GuardedRun {
  readonly #guard: ChildProcess
  readonly #call: ToolCall
  readonly #stdout = new OutputEnds()
  readonly #stderr = new OutputEnds()
  #answer: GuardAnswer | undefined
  #failure: { readonly error: unknown } | undefined
  #timedOut = false
  #ending = false
  readonly #timers: NodeJS.Timeout[] = []

  constructor(guard: ChildProcess, call: ToolCall) {
    this.#guard = guard
    this.#call = call
  }

  async finished(): Promise<ToolEnd> {
    const guard = this.#guard
    const exited = new Promise<void>((resolve) => {
      guard.once('exit', () => resolve())
      guard.once('error', (error) => {
        this.#failure ??= { error }
        if (guard.pid === undefined) resolve()
      })
    })
    const closed = new Promise<void>((resolve) => guard.once('close', () => resolve()))
    guard.on('message', (answer: GuardAnswer) => {
      this.#answer ??= answer
    })
    this.#listen()
    this.#begin()
    const onAbort = (): void => this.#fail(this.#call.signal?.reason)
    this.#call.signal?.addEventListener('abort', onAbort, { once: true })
    this.#timers.push(
      setTimeout(() => {
        this.#timedOut = true
        this.#end()
      }, this.#call.timeoutMs),
    )
    await exited
    for (const timer of this.#timers) clearTimeout(timer)
    this.#call.signal?.removeEventListener('abort', onAbort)
    // A daemon that took the pipes along would keep them open for ever.
    await Promise.race([closed, pause(STRAGGLERS_MS)])
    for (const stream of [guard.stdin, guard.stdout, guard.stderr]) stream?.destroy()
    if (guard.pid !== undefined) await groupGone(guard.pid)
    if (this.#failure !== undefined) throw this.#failure.error
    const ended = this.#answer?.type === 'ended' ? this.#answer : undefined
    return {
      code: ended?.code ?? null,
      signal: ended?.signal ?? (ended === undefined ? guard.signalCode : null),
      notStarted: this.#answer?.type === 'not-started' ? this.#answer.code : undefined,
      timedOut: this.#timedOut,
      stdout: this.#stdout.text(),
      stderr: this.#stderr.text(),
    }
  }

  #listen(): void {
    this.#guard.stdout?.on('data', (bytes: Buffer) => {
      if (this.#call.onOutput === undefined) return this.#stdout.add(bytes)
      if (this.#failure !== undefined) return
      try {
        this.#call.onOutput(bytes)
      } catch (error) {
        this.#fail(error)
      }
    })
    this.#guard.stderr?.on('data', (bytes: Buffer) => this.#stderr.add(bytes))
    // A tool that ends without reading its input says so by its exit code.
    this.#guard.stdin?.on('error', () => undefined)
  }

  #begin(): void {
    const { program, args, env, graceMs, input } = this.#call
    this.#say({ type: 'start', program, args, env, graceMs })
    if (input !== undefined) this.#guard.stdin?.write(input)
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#end()
  }

  #end(): void {
    if (this.#ending) return
    this.#ending = true
    this.#guard.stdin?.end()
    const { inputGraceMs = 0, graceMs } = this.#call
    const after = (delayMs: number, work: () => void): void => {
      this.#timers.push(setTimeout(work, delayMs))
    }
    after(inputGraceMs, () => this.#say({ type: 'end' }))
    after(inputGraceMs + graceMs + LAST_RESORT_MS, () => {
      if (this.#guard.pid !== undefined && this.#guard.exitCode === null) process.kill(-this.#guard.pid, 'SIGKILL')
    })
  }

  #say(order: GuardOrder): void {
    if (this.#guard.connected) this.#guard.send(order, () => undefined)
  }
}

/** The guard has killed its group and died with it; the others of the group need a moment to be gone. */
async function groupGone(group: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < STRAGGLERS_MS; waitedMs += 10) {
    try {
      process.kill(-group, 0)
    } catch {
      return
    }
    await pause(10)
  }
}
