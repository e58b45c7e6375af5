import { randomBytes } from 'node:crypto'
import { DatabaseUnavailableError } from '../errors.js'
import { notStarted } from './local-transport.js'
import { REMOTE_COMMAND, REMOTE_SCRIPT } from './remote-script.js'
import { runTool, type ToolEnd } from './run-tool.js'
import { quoteForShell } from './shell-quote.js'
import { packTar, unpackTar } from './tar-archive.js'
import { toolText } from './tool-text.js'
import { type JobEnd, NO_FILES, type ToolJob, type Transport, type TransportContext } from './transport.js'

// A host that does not answer is found out well before the limit of a tool.
const SSH_OPTIONS = [
  ...['-T', '-a', '-x'],
  ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=20', '-o', 'ServerAliveInterval=15', '-o', 'ServerAliveCountMax=4'],
]
/** What the tools there need of our environment. */
const PASSED_ON = /^(?:PATH|LD_LIBRARY_PATH|PYTHONPATH|ARTDAQ_DATABASE_(?!REMOTEHOST$|URI$)[A-Z0-9_]+)$/
const MAX_ARCHIVE_BYTES = 1024 * 1024 * 1024
/** Beyond the limit that is kept here, for the case that the connection is lost without a sign. */
const REMOTE_LIMIT_SURPLUS_SECONDS = 30

/**
 * Runs the tools on another host through ssh, in a temporary folder there that is removed again. Neither the address of the database nor any other
 * value of the environment is in an argument: they go through standard input.
 */
export class SshTransport implements Transport {
  readonly #context: TransportContext
  readonly #host: string

  constructor(context: TransportContext, host: string) {
    this.#context = context
    this.#host = host
  }

  async run(job: ToolJob): Promise<JobEnd> {
    const { options } = this.#context
    const archive = job.files === undefined ? Buffer.alloc(0) : packTar(job.files)
    const nonce = randomBytes(8).toString('hex')
    const graceSeconds = Math.ceil(options.graceMs / 1000)
    const remoteArgs = [
      ...[nonce, job.tool],
      ...[String(Math.ceil(options.timeoutMs / 1000) + REMOTE_LIMIT_SURPLUS_SECONDS), String(graceSeconds)],
      ...[String(archive.length), String(options.threads === 1 ? 1 : 0), options.programs[job.tool]],
      ...job.args,
    ]
    const command = [
      'exec',
      '/bin/sh',
      '-c',
      quoteForShell(REMOTE_COMMAND),
      'holdfast',
      ...remoteArgs.map(quoteForShell),
    ]
    const downloaded: Buffer[] = []
    let downloadedBytes = 0
    const collect = (bytes: Buffer): void => {
      downloadedBytes += bytes.length
      if (downloadedBytes > MAX_ARCHIVE_BYTES) throw this.#unusable('it sends more than a run record can hold')
      downloaded.push(bytes)
    }
    const onOutput = job.tool === 'bulkdownloader' ? collect : job.onOutput
    const end = await runTool({
      program: options.programs.ssh,
      args: [...SSH_OPTIONS, '--', this.#host, command.join(' ')],
      folder: '/',
      env: options.env,
      input: Buffer.concat([Buffer.from(REMOTE_SCRIPT), this.#environment(), archive]),
      timeoutMs: options.timeoutMs,
      graceMs: options.graceMs,
      // The other side needs a moment to end its tool and to remove its folder.
      inputGraceMs: options.graceMs + 2_000,
      signal: job.signal,
      ...(onOutput === undefined ? {} : { onOutput }),
    })
    if (end.notStarted !== undefined) throw notStarted(options.programs.ssh, end.notStarted)
    return this.#conclude(job, end, nonce, Buffer.concat(downloaded))
  }

  #environment(): Buffer {
    const { options, uri } = this.#context
    const passed = Object.entries(options.env).filter(([name]) => PASSED_ON.test(name))
    const lines = [...passed, ['ARTDAQ_DATABASE_URI', uri]].map(([name, value]) => `${name}=${value}`)
    // A value of several lines would be taken for several values.
    return Buffer.from(`${lines.filter((line) => !/[\r\n\0]/.test(line)).join('\n')}\n\n`)
  }

  #conclude(job: ToolJob, end: ToolEnd, nonce: string, archive: Buffer): JobEnd {
    const marker = new RegExp(`\\nholdfast ${nonce} (exit|error) (\\w+)\\n`).exec(end.stderr)
    const printed = `${end.stdout}\n${marker === null ? end.stderr : end.stderr.slice(0, marker.index)}`
    if (end.timedOut) return { code: undefined, signal: undefined, timedOut: true, printed, files: NO_FILES }
    const [, kind, value = ''] = marker ?? []
    if (end.code !== (kind === 'exit' ? 0 : kind === 'error' ? 1 : undefined)) throw this.#unreachable(end)
    if (kind === 'error') {
      if (value === 'program') throw notStarted(this.#context.options.programs[job.tool], 'ENOENT', this.#host)
      throw this.#unusable(`its temporary folder cannot be used: ${this.#text(printed)}`)
    }
    const code = Number(value)
    return {
      code,
      signal: undefined,
      timedOut: code === TIMEOUT_COMMAND_CODE,
      printed,
      files: job.tool === 'bulkdownloader' ? this.#unpack(archive) : NO_FILES,
    }
  }

  #unpack(archive: Buffer): ReadonlyMap<string, Buffer> {
    try {
      return new Map(unpackTar(archive).map(({ name, data }) => [name, data]))
    } catch (cause) {
      throw this.#unusable(cause instanceof Error ? cause.message : String(cause), cause)
    }
  }

  /** ssh says 255 for its own troubles; without our line at the end the other side did not get to its end. */
  #unreachable(end: ToolEnd): DatabaseUnavailableError {
    const said = this.#text(end.stderr) || this.#text(end.stdout) || 'ssh says nothing'
    const [, hint] = SSH_TROUBLES.find(([pattern]) => pattern.test(said)) ?? [undefined, undefined]
    const status = end.code === null ? `ssh was ended by ${end.signal}` : `ssh ended with code ${end.code}`
    return this.#unusable(`${status}: ${said}`, undefined, hint?.replaceAll('HOST', this.#host))
  }

  #unusable(reason: string, cause?: unknown, hint?: string): DatabaseUnavailableError {
    const fallback = `See what 'ssh -o BatchMode=yes ${this.#host} true' says to this user`
    return new DatabaseUnavailableError('use the tools on', this.#host, reason, hint ?? fallback, cause)
  }

  #text(printed: string): string {
    return toolText(printed, this.#context.secrets)
  }
}

/** How the command `timeout` of the other host says that it ended a program. */
const TIMEOUT_COMMAND_CODE = 124

const SSH_TROUBLES: readonly (readonly [RegExp, string])[] = [
  [
    /Permission denied|Authentication failed|Too many authentication failures/i,
    'Let this user log in to HOST with a key or ticket, without a password',
  ],
  [
    /identification has changed|Host key for \S+ has changed/i,
    "The key of HOST is another one than before: ask its administrator whether that is right, then 'ssh-keygen -R' takes out the old one",
  ],
  [/Host key verification failed/i, "Make the host's key known to this user: log in once with 'ssh HOST'"],
  [/Could not resolve hostname/i, 'Check artdaq_db.remote_host'],
  [
    /Connection refused|timed out|No route to host|unreachable/i,
    'Is HOST up, and does it take ssh connections from here?',
  ],
]
