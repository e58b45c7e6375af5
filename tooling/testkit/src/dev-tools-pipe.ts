import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

export type Fields = Readonly<Record<string, unknown>>

interface Waiting {
  readonly resolve: (result: Fields) => void
  readonly reject: (error: Error) => void
}

const DEADLINE_MS = 20_000

/** The DevTools protocol as a browser speaks it on its descriptors 3 and 4: messages in JSON, each with a zero byte behind it. */
export class DevToolsPipe {
  readonly #output: Writable
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Set<(session: string | undefined, method: string, params: Fields) => void>()
  #count = 0
  #ended: Error | undefined

  constructor(child: ChildProcess) {
    this.#output = child.stdio[3] as Writable
    const input = child.stdio[4] as Readable
    let said = ''
    let rest = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000)
    })
    input.setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0')
      rest = messages.pop() ?? ''
      for (const message of messages) this.#take(JSON.parse(message))
    })
    // A pipe that breaks is told by the end of the process.
    for (const stream of [this.#output, input]) stream.on('error', () => undefined)
    const end = (reason: string): void => {
      this.#ended = new Error(`The browser ${reason}\n${said}`)
      for (const { reject } of this.#waiting.values()) reject(this.#ended)
      this.#waiting.clear()
    }
    child.once('error', (error) => end(`did not start: ${error.message}`))
    child.once('exit', (code, signal) => end(`ended with ${signal ?? `exit code ${code}`}`))
  }

  send(method: string, params: Fields = {}, sessionId?: string): Promise<Fields> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    this.#count += 1
    const id = this.#count
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`The browser did not answer to ${method}`)), DEADLINE_MS)
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        act()
      }
      this.#waiting.set(id, {
        resolve: (result) => settle(() => resolve(result)),
        reject: (error) => settle(() => reject(error)),
      })
      this.#output.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
  }

  /** Returns what ends it. */
  listen(listener: (session: string | undefined, method: string, params: Fields) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #take(message: {
    id?: number
    method?: string
    params?: Fields
    result?: Fields
    error?: { message: string }
    sessionId?: string
  }): void {
    if (message.method !== undefined) {
      for (const listener of this.#listeners) listener(message.sessionId, message.method, message.params ?? {})
      return
    }
    const waiting = this.#waiting.get(message.id ?? 0)
    this.#waiting.delete(message.id ?? 0)
    if (message.error === undefined) waiting?.resolve(message.result ?? {})
    else waiting?.reject(new Error(`The browser refused: ${message.error.message}`))
  }
}
