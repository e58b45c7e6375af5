import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { basename, join } from 'node:path'
import { freePort } from '../free-port.js'
import { makeSftpKey, type SftpKey } from './key.js'
import { findOpenSsh, type OpenSshPrograms } from './programs.js'

export interface SftpServerOptions {
  /** @default a free one */
  readonly port?: number
  /** More lines of sshd_config, such as `MaxStartups 1`. */
  readonly config?: readonly string[]
}

/** OpenSSH's own sshd on 127.0.0.1, for one user with one key. Whoever starts it stops it. */
export interface SftpServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly username: string
  /** Of the user. */
  readonly privateKey: string
  readonly hostKey: Pick<SftpKey, 'publicKey' | 'fingerprint'>
  /** The folder where a login begins: relative remote paths are below it. */
  readonly root: string
  /** Kills it with all its sessions; the port stays its own. */
  kill(): Promise<void>
  /** Starts it again after `kill`. */
  restart(): Promise<void>
  /** The next start has another host key. */
  changeHostKey(): void
  /** What it has logged. */
  log(): string
  stop(): Promise<void>
}

/**
 * Starts OpenSSH: the system's, or Debian's, unpacked without root. As root it is run as `nobody`: without root it wants no account of its own and
 * nothing below /run, and touches nothing of the machine.
 *
 * @throws Error where it cannot be had
 */
export async function startSftpServer(options: SftpServerOptions = {}): Promise<SftpServer> {
  const server = new OpenSshServer(findOpenSsh(), options.port ?? (await freePort()), options.config ?? [])
  try {
    await server.restart()
  } catch (error) {
    await server.stop()
    throw error
  }
  return server
}

interface Account {
  readonly username: string
  readonly uid: number
  readonly gid: number
}

const START_DEADLINE_MS = 10_000

class OpenSshServer implements SftpServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly username: string
  readonly privateKey: string
  readonly root: string
  hostKey: SftpKey
  readonly #folder: string
  readonly #account: Account
  readonly #programs: OpenSshPrograms
  #process: ChildProcess | undefined
  #log = ''

  constructor(programs: OpenSshPrograms, port: number, config: readonly string[]) {
    this.port = port
    this.#account = accountToRunAs()
    this.username = this.#account.username
    this.#folder = mkdtempSync(join(tmpdir(), 'holdfast-sshd-'))
    this.root = join(this.#folder, 'files')
    const user = makeSftpKey()
    this.privateKey = user.privateKey
    this.hostKey = makeSftpKey()
    mkdirSync(this.root)
    this.#programs = reachable(programs, this.#folder)
    this.#writeOwn('authorized_keys', `${user.publicKey}\n`)
    this.#writeOwn('host_key', this.hostKey.privateKey)
    this.#writeOwn(
      'sshd_config',
      [
        `Port ${port}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${join(this.#folder, 'host_key')}`,
        'PidFile none',
        'StrictModes no',
        `AuthorizedKeysFile ${join(this.#folder, 'authorized_keys')}`,
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        // Without it sshd looks into /etc/shadow for locked accounts, and takes one that it cannot look up for locked.
        'UsePAM yes',
        `Subsystem sftp internal-sftp -d ${this.root}`,
        'LogLevel VERBOSE',
        ...config,
        '',
      ].join('\n'),
    )
    chmodSync(this.root, 0o755)
    for (const path of [this.root, this.#folder]) chownSync(path, this.#account.uid, this.#account.gid)
  }

  async restart(): Promise<void> {
    const { sshd, libraries } = this.#programs
    const child = spawn(sshd, ['-D', '-e', '-f', join(this.#folder, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: libraries === undefined ? process.env : { ...process.env, LD_LIBRARY_PATH: libraries },
      cwd: this.#folder,
      uid: this.#account.uid,
      gid: this.#account.gid,
    })
    this.#process = child
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      this.#log += text
    })
    child.once('error', (error) => {
      said += String(error)
    })
    // A test runner that is killed must not wait for it.
    child.unref()
    for (const deadline = Date.now() + START_DEADLINE_MS; ; ) {
      if (/Server listening on/.test(said)) return
      await new Promise((resolve) => setTimeout(resolve, 10))
      if (child.exitCode !== null || child.pid === undefined) throw new Error(`sshd ended at once:\n${said}`)
      if (Date.now() > deadline) throw new Error(`sshd did not start:\n${said}`)
    }
  }

  async kill(): Promise<void> {
    const child = this.#process
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.ref()
    // Sessions are processes that live on without the one that listens. It is stopped first, so that it starts none meanwhile.
    child.kill('SIGSTOP')
    for (const pid of descendants(child.pid)) killIfThere(pid)
    child.kill('SIGKILL')
    await ended
  }

  changeHostKey(): void {
    this.hostKey = makeSftpKey()
    this.#writeOwn('host_key', this.hostKey.privateKey)
  }

  log(): string {
    return this.#log
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #writeOwn(name: string, text: string): void {
    const path = join(this.#folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    chownSync(path, this.#account.uid, this.#account.gid)
  }
}

function accountToRunAs(): Account {
  const { username, uid, gid } = userInfo()
  if (uid !== 0) return { username, uid, gid }
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'))
  const [name = '', , nobody = '', group = ''] = line?.split(':') ?? []
  if (name === '') throw new Error('sshd is not run as root here, and there is no account nobody')
  return { username: name, uid: Number(nobody), gid: Number(group) }
}

/** An unpacked package may lie in a folder that only root can look into. */
function reachable(programs: OpenSshPrograms, folder: string): OpenSshPrograms {
  if (programs.libraries === undefined || process.getuid?.() !== 0) return programs
  const libraries = join(folder, 'lib')
  mkdirSync(libraries)
  for (const source of programs.libraries.split(':')) {
    cpSync(source, libraries, { recursive: true, dereference: true, filter: (path) => !path.endsWith('.a') })
  }
  const copies = [programs.sshd, programs.sftpServer].map((program) => {
    const copy = join(folder, basename(program))
    cpSync(program, copy)
    return copy
  })
  const [sshd = '', sftpServer = ''] = copies
  return { sshd, sftpServer, libraries }
}

function descendants(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It has ended.
    }
  }
  const found = [pid]
  for (const parent of found) for (const [child, its] of parents) if (its === parent) found.push(child)
  return found.slice(1)
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
