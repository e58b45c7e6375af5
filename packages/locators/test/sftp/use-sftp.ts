import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type SftpServer, startSftpServer } from '@holdfast/testkit/sftp-server'
import { afterAll, beforeAll } from 'vitest'
import type { SftpConnectionOptions } from '../../src/sftp/connection-options.ts'

/** One sshd for the tests of a file. */
export function useSftpServer(): () => SftpServer {
  let server: SftpServer | undefined
  beforeAll(async () => {
    server = await startSftpServer()
  })
  afterAll(() => server?.stop())
  return () => {
    if (server === undefined) throw new Error('The server is only there in tests')
    return server
  }
}

/** How to log in to it, with short waits. */
export function loginTo(server: SftpServer, more: Partial<SftpConnectionOptions> = {}): SftpConnectionOptions {
  const { host, port, username, privateKey, hostKey } = server
  return { host, port, username, privateKey, hostKeys: [hostKey.fingerprint], reconnectDelayMs: 20, ...more }
}

export interface RemoteFileContent {
  readonly text?: string | Uint8Array
  /** @default 2026-01-01T00:00:00Z */
  readonly mtime?: string
}

/** Puts files below the folder in which a login begins; by default long unchanged. */
export function putFiles(root: string, files: Readonly<Record<string, RemoteFileContent>>): void {
  for (const [name, { text = `content of ${name}\n`, mtime = '2026-01-01T00:00:00Z' }] of Object.entries(files)) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    utimesSync(path, new Date(mtime), new Date(mtime))
  }
}
