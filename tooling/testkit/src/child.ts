import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { type Crash, crashArguments, crashEnvironment } from './crash.js'

export interface ChildOptions {
  readonly args?: readonly string[]
  /** Added to the environment of the test. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly execArgv?: readonly string[]
  /** Every wait for the child ends with an error after this long. @default 10_000 */
  readonly deadlineMs?: number
  /** Ends or stops the child right before one of its file-system operations. */
  readonly crash?: Crash
}

export interface ChildExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ChildMessage {
  readonly type: string
  readonly [field: string]: unknown
}

/**
 * A Node process under the test's control. It is killed and reaped when the test ends, however it ends; processes that it started itself are
 * not, so a script that starts some has to end them.
 */
export interface Child extends AsyncDisposable {
  readonly pid: number
  /** The child's first `{ type: 'ready' }` message. */
  ready(): Promise<ChildMessage>
  /** The next message of a type that was not yet taken. Rejects when the child ends first or at the deadline. */
  waitFor(type: string): Promise<ChildMessage>
  send(message: ChildMessage): void
  kill(signal?: NodeJS.Signals): void
  /** Resolves when the process has ended and its output has been read. */
  readonly exited: Promise<ChildExit>
  stdout(): string
  stderr(): string
}

export const DEADLINE_MS = 10_000
// A process started by the child may keep its output open for longer than the child lives.
const OUTPUT_AFTER_EXIT_MS = 500

export function startChild(script: string | URL, options: ChildOptions = {}): Child {
  const child = new ForkedChild(script, options)
  onTestFinished(() => child[Symbol.asyncDispose]())
  return child
}

class ForkedChild implements Child {
  readonly exited: Promise<ChildExit>
  readonly #process: ChildProcess
  readonly #deadlineMs: number
  readonly #messages: ChildMessage[] = []
  #wake: (() => void)[] = []
  #output = { stdout: '', stderr: '' }
  #ended = false

  constructor(script: string | URL, options: ChildOptions) {
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS
    this.#process = fork(typeof script === 'string' ? script : fileURLToPath(script), options.args ?? [], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env, ...crashEnvironment(options.crash) },
      execArgv: [...crashArguments(options.crash), ...(options.execArgv ?? [])],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output.stdout += text
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#output.stderr += text
    })
    this.#process.on('message', (message: ChildMessage) => {
      this.#messages.push(message)
      this.#notify()
    })
    this.exited = new Promise((resolve, reject) => {
      this.#process.once('error', reject)
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#ended = true
        this.#notify()
        resolve({ code, signal })
      }
      this.#process.once('close', end)
      this.#process.once('exit', (code, signal) => {
        setTimeout(end, OUTPUT_AFTER_EXIT_MS, code, signal).unref()
      })
    })
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('The child process could not be started')
    return this.#process.pid
  }

  ready(): Promise<ChildMessage> {
    return this.waitFor('ready')
  }

  async waitFor(type: string): Promise<ChildMessage> {
    const deadline = Date.now() + this.#deadlineMs
    for (;;) {
      const index = this.#messages.findIndex((message) => message.type === type)
      const [message] = index < 0 ? [] : this.#messages.splice(index, 1)
      if (message !== undefined) return message
      if (this.#ended) throw new Error(`The child ended before it sent '${type}'; its stderr:\n${this.stderr()}`)
      if (Date.now() >= deadline)
        throw new Error(`The child sent no '${type}' within ${this.#deadlineMs} ms; its stderr:\n${this.stderr()}`)
      await this.#nextEvent(deadline - Date.now())
    }
  }

  send(message: ChildMessage): void {
    // That the child is gone shows in `exited` and in the next `waitFor`.
    this.#process.send(message, () => undefined)
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#process.kill(signal)
  }

  stdout(): string {
    return this.#output.stdout
  }

  stderr(): string {
    return this.#output.stderr
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#process.kill('SIGKILL')
    await this.exited
    this.#process.stdout?.destroy()
    this.#process.stderr?.destroy()
  }

  #nextEvent(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#wake.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #notify(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}
