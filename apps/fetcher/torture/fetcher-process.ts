import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { BIN, KEY } from '../test/api-config.ts'

export interface FetcherExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** `fetcher run fr-api` in a process of its own. */
export class FetcherProcess {
  readonly exited: Promise<FetcherExit>
  readonly #child: ChildProcess
  #isOver = false

  /** @param nodeOptions for Node itself */
  constructor(cwd: string, nodeOptions: readonly string[] = []) {
    const env = { ...process.env, OC_CREDENTIAL_FR_API_API_KEY: KEY, TZ: 'UTC' }
    this.#child = spawn(process.execPath, [...nodeOptions, BIN, 'run', 'fr-api', '--json'], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.exited = this.#wait()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Resident memory now; 0 when the process is over. */
  memoryBytes(): number {
    try {
      const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')) ?? []
      return Number(kilobytes) * 1024
    } catch (error) {
      if (this.#isOver || (error instanceof Error && 'code' in error && error.code === 'ENOENT')) return 0
      throw error
    }
  }

  async #wait(): Promise<FetcherExit> {
    const output = { stdout: '', stderr: '' }
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text
    })
    const [code, signal] = (await once(this.#child, 'close')) as [number | null, NodeJS.Signals | null]
    this.#isOver = true
    return { code, signal, ...output }
  }
}
