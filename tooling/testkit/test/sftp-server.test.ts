import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ssh2, { type ConnectConfig, type FileEntryWithStats } from 'ssh2'
import { expect, onTestFinished, test } from 'vitest'
import { startPasswordSftpServer, startSftpServer, startTcpProxy } from '../src/sftp-server.js'

function list(config: ConnectConfig, folder: string): Promise<string[]> {
  const client = new ssh2.Client()
  onTestFinished(() => void client.destroy())
  return new Promise((resolve, reject) => {
    client.on('error', reject).on('close', () => reject(new Error('Closed')))
    client.on('ready', () =>
      client.sftp((error, sftp) => {
        if (error !== undefined) return reject(error)
        sftp.readdir(folder, (failure, entries: FileEntryWithStats[]) =>
          failure ? reject(failure) : resolve(entries.map(({ filename }) => filename)),
        )
      }),
    )
    client.connect({ host: '127.0.0.1', ...config })
  })
}

test('startSftpServer() starts an sshd that lets its user in, dies with its sessions, and comes back on its port', async () => {
  await using server = await startSftpServer()
  writeFileSync(join(server.root, 'a.txt'), 'a')
  const { port, username, privateKey } = server

  expect(await list({ port, username, privateKey }, '.')).toContain('a.txt')
  await expect(list({ port, username: 'nobody else', privateKey }, '.')).rejects.toThrow()

  const client = new ssh2.Client()
  const closed = new Promise<void>((resolve) => {
    client.on('close', () => resolve()).on('error', () => undefined)
  })
  await new Promise((resolve, reject) => {
    client.on('ready', () => client.sftp((error) => (error === undefined ? resolve(undefined) : reject(error))))
    client.connect({ host: '127.0.0.1', port, username, privateKey })
  })
  await server.kill()
  await closed
  await expect(list({ port, username, privateKey }, '.')).rejects.toMatchObject({ code: 'ECONNREFUSED' })

  await server.restart()
  expect(await list({ port, username, privateKey }, server.root)).toContain('a.txt')
})

test.each([{ asksForIt: false }, { asksForIt: true }])(
  'startPasswordSftpServer() takes the right password only (%o)',
  async ({ asksForIt }) => {
    await using server = await startPasswordSftpServer({ username: 'public', password: 'secret', asksForIt })
    writeFileSync(join(server.root, 'a.txt'), 'a')
    if (asksForIt) {
      await expect(list({ port: server.port, username: 'public', password: 'secret' }, '.')).rejects.toThrow()
      return
    }
    expect(await list({ port: server.port, username: 'public', password: 'secret' }, '.')).toContain('a.txt')
    await expect(list({ port: server.port, username: 'public', password: 'wrong' }, '.')).rejects.toThrow()
  },
)

test('startTcpProxy() carries a connection and cuts it', async () => {
  await using server = await startSftpServer()
  await using proxy = await startTcpProxy(server.port)
  const { username, privateKey } = server
  expect(await list({ port: proxy.port, username, privateKey }, '.')).toEqual([])
  proxy.cutAfter(500)
  await expect(list({ port: proxy.port, username, privateKey }, '.')).rejects.toThrow()
  expect(proxy.accepted).toBe(2)
})
