import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { unpackDebianPackage } from './debian-packages.js'
import { freePort } from './free-port.js'

export interface RedisServerOptions {
  /** @default a free one */
  readonly port?: number
  /** Lines of its configuration, such as `maxmemory 4mb`. */
  readonly config?: readonly string[]
  /** Write every command to disk before answering, and keep the data over `restart`. @default false */
  readonly durable?: boolean
}

/** A real server under the test's control, on 127.0.0.1. Whoever starts it stops it. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  /** Kills it; the port stays its own. */
  kill(): Promise<void>
  /** Starts it again after `kill`. */
  restart(): Promise<void>
  /** Freezes it with everything it is doing; connections stay open. */
  pause(): void
  resume(): void
  /** What the server answers to one command, in its own protocol. */
  command(...args: readonly string[]): Promise<string>
  stop(): Promise<void>
}

/**
 * Starts `redis-server` or `valkey-server`: the one that HOLDFAST_REDIS_SERVER names, one found in PATH, or Debian's, unpacked without root into
 * `node_modules/.cache`. Throws where none can be had: a test that needs a server is never left out.
 */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const program = findProgram() ?? debianProgram()
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-'))
  const server = new ServerInFolder(program, folder, options.port ?? (await freePort()), options)
  try {
    await server.restart()
  } catch (error) {
    await server.stop()
    throw error
  }
  return server
}

interface Program {
  readonly path: string
  readonly libraries: string | undefined
}

const START_DEADLINE_MS = 10_000

class ServerInFolder implements RedisServer {
  readonly port: number
  readonly #program: Program
  readonly #folder: string
  readonly #arguments: readonly string[]
  #process: ChildProcess | undefined

  constructor(program: Program, folder: string, port: number, { config = [], durable = false }: RedisServerOptions) {
    this.port = port
    this.#program = program
    this.#folder = folder
    const lasting = durable ? ['appendonly yes', 'appendfsync always'] : ['appendonly no']
    const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, 'save ""', 'daemonize no', ...lasting, ...config]
    this.#arguments = lines.flatMap((line) => {
      const [name = '', ...values] = line.split(' ')
      return [`--${name}`, ...values.map((value) => (value === '""' ? '' : value))]
    })
  }

  async restart(): Promise<void> {
    const { path, libraries } = this.#program
    const env = libraries === undefined ? process.env : { ...process.env, LD_LIBRARY_PATH: libraries }
    const child = spawn(path, [...this.#arguments], { stdio: ['ignore', 'pipe', 'pipe'], env, cwd: this.#folder })
    this.#process = child
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    }
    // A test runner that is killed must not leave servers behind for longer than itself.
    child.unref()
    for (const deadline = Date.now() + START_DEADLINE_MS; ; ) {
      if (child.exitCode !== null) throw new Error(`The Redis server ended at once:\n${said}`)
      if (/ready to accept connections/i.test(said)) return
      if (Date.now() > deadline) throw new Error(`The Redis server did not start:\n${said}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  async kill(): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.ref()
    child.kill('SIGKILL')
    await ended
  }

  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  command(...args: readonly string[]): Promise<string> {
    const text = `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write(text))
      socket.once('data', (data) => {
        resolve(data.toString())
        socket.destroy()
      })
      socket.once('error', reject)
      socket.setTimeout(5000, () => socket.destroy(new Error(`The Redis server did not answer to ${args[0]}`)))
    })
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

function findProgram(): Program | undefined {
  const named = process.env['HOLDFAST_REDIS_SERVER']
  if (named !== undefined && named !== '') return { path: named, libraries: undefined }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of ['redis-server', 'valkey-server']) {
      if (existsSync(join(folder, name))) return { path: join(folder, name), libraries: undefined }
    }
  }
  return undefined
}

function debianProgram(): Program {
  const { root, libraries } = unpackDebianPackage('redis-server')
  return { path: join(root, 'usr/bin/redis-server'), libraries }
}
