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

/** A Node process under the test's control. It is killed and reaped when the test ends, however it ends. */
export interface Child extends AsyncDisposable {
  readonly pid: number
  /** The child's first `{ type: 'ready' }` message. */
  ready(): Promise<ChildMessage>
  /** The next message of a type that was not yet taken. Rejects when the child ends first or after ten seconds. */
  waitFor(type: string): Promise<ChildMessage>
  send(message: ChildMessage): void
  kill(signal?: NodeJS.Signals): void
  readonly exited: Promise<ChildExit>
  stdout(): string
  stderr(): string
}

const DEADLINE_MS = 10_000

export function startChild(script: string | URL, options: ChildOptions = {}): Child {
  const child = new ForkedChild(script, options)
  onTestFinished(() => child[Symbol.asyncDispose]())
  return child
}

class ForkedChild implements Child {
  readonly exited: Promise<ChildExit>
  readonly #process: ChildProcess
  readonly #messages: ChildMessage[] = []
  #wake: (() => void)[] = []
  #output = { stdout: '', stderr: '' }
  #ended = false

  constructor(script: string | URL, options: ChildOptions) {
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
      this.#process.once('close', (code, signal) => {
        this.#ended = true
        this.#notify()
        resolve({ code, signal })
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
    const deadline = Date.now() + DEADLINE_MS
    for (;;) {
      const index = this.#messages.findIndex((message) => message.type === type)
      const [message] = index < 0 ? [] : this.#messages.splice(index, 1)
      if (message !== undefined) return message
      if (this.#ended) throw new Error(`The child ended before it sent '${type}'; its stderr:\n${this.stderr()}`)
      if (Date.now() >= deadline)
        throw new Error(`The child sent no '${type}' within ${DEADLINE_MS} ms; its stderr:\n${this.stderr()}`)
      await this.#nextEvent(deadline - Date.now())
    }
  }

  send(message: ChildMessage): void {
    this.#process.send(message)
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
