import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { makeSftpKey, type SftpKey } from './key.js'
import { findOpenSsh } from './programs.js'

export interface PasswordSftpServerOptions {
  readonly username: string
  readonly password: string
  /** Ask for the password as a question (keyboard-interactive) and take it in no other way. @default false */
  readonly asksForIt?: boolean
}

/** A server that takes a password, which sshd can only check as root. Behind the login is OpenSSH's own sftp-server. */
export interface PasswordSftpServer extends AsyncDisposable {
  readonly port: number
  readonly hostKey: SftpKey
  readonly root: string
  /** How often somebody tried a password. */
  readonly attempts: number
  /** The next `count` logins are cut as soon as the password is there, as servers do that limit logins. */
  throttle(count: number): void
  stop(): Promise<void>
}

export async function startPasswordSftpServer(options: PasswordSftpServerOptions): Promise<PasswordSftpServer> {
  const { username, password, asksForIt = false } = options
  const { sftpServer } = findOpenSsh()
  const root = mkdtempSync(join(tmpdir(), 'holdfast-sftp-'))
  const hostKey = makeSftpKey()
  const connections = new Set<ssh2.Connection>()
  const wanted = asksForIt ? 'keyboard-interactive' : 'password'
  let attempts = 0
  let throttled = 0

  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (connection) => {
    connections.add(connection)
    connection.on('close', () => connections.delete(connection))
    connection.on('error', () => connections.delete(connection))
    connection.on('authentication', (context) => {
      const answer = (given: string): void => {
        attempts += 1
        if (throttled > 0) {
          throttled -= 1
          connection.end()
        } else if (context.username === username && given === password) context.accept()
        else context.reject([wanted])
      }
      if (context.method === 'password' && !asksForIt) return answer(context.password)
      if (context.method === 'keyboard-interactive' && asksForIt) {
        context.prompt([{ prompt: 'Password: ', echo: false }], (answers) => answer(answers[0] ?? ''))
        return
      }
      context.reject([wanted])
    })
    connection.on('ready', () =>
      connection.on('session', (accept) => {
        accept().on('subsystem', (open, refuse, { name }) => {
          if (name !== 'sftp') return refuse()
          const channel = open()
          const child = spawn(sftpServer, ['-d', root], { stdio: ['pipe', 'pipe', 'ignore'] })
          channel.pipe(child.stdin)
          child.stdout.pipe(channel)
          child.stdin.on('error', () => undefined)
          channel.on('close', () => child.kill())
        })
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const stop = async (): Promise<void> => {
    for (const connection of connections) connection.end()
    await new Promise<void>((resolve) => server.close(() => resolve()))
    rmSync(root, { recursive: true, force: true })
  }
  return {
    port: (server.address() as { port: number }).port,
    hostKey,
    root,
    get attempts() {
      return attempts
    },
    throttle: (count) => {
      throttled = count
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
