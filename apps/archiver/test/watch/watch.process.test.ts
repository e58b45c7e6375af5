import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileLock } from '@holdfast/lock'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { listenAsServiceManager } from '../support/notify-socket.js'
import { makeSite, type Site } from '../support/site.js'
import { spawnArchiver } from '../support/spawn-archiver.js'

const dir = useTempDir()

function watchSite(site: Site, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  return spawnArchiver(['watch', site.configPath, '--settle', '100ms', ...args], { env })
}

describe('archiver watch', () => {
  test('takes what is there in batches without a pause, and then what appears, long before the interval is over', async () => {
    const site = makeSite(dir())
    site.configure({ batch_size: 2 })
    site.addRuns([100, 101, 102, 103, 104])
    const archiver = watchSite(site, ['--interval', '1h'])
    await archiver.logged('[Migration] [Run 104] done')
    site.addRuns([105])
    await archiver.logged('[Migration] [Run 105] done')
    site.addRuns([107, 106])
    await archiver.logged('[Migration] [Run 107] done')
    archiver.kill('SIGTERM')
    const { code, stdout } = await archiver.finished
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Stopped after \d+ executions\n$/)
    expect(site.archived()).toEqual([100, 101, 102, 103, 104, 105, 106, 107])
  })

  test('leaves a run record alone while it is still being written', async () => {
    const site = makeSite(dir())
    site.addRuns([100])
    const archiver = spawnArchiver(['watch', site.configPath, '--interval', '1h', '--settle', '2s', '-v'])
    await archiver.logged('The next execution follows')
    const folder = join(site.recordsDir, '101')
    site.addRuns([101])
    renameSync(join(folder, 'metadata.txt'), join(dir(), 'metadata.txt'))
    // As long as something changes, nothing is taken.
    for (let part = 0; part < 15; part += 1) {
      writeFileSync(join(folder, 'part.txt'), 'x'.repeat(part))
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    rmSync(join(folder, 'part.txt'))
    renameSync(join(dir(), 'metadata.txt'), join(folder, 'metadata.txt'))
    await archiver.logged('[Migration] [Run 101] done')
    archiver.kill('SIGTERM')
    expect((await archiver.finished).stderr).not.toContain('attempt')
  })

  test('leaves a record that is being written for later, and those above it, so that none of them is late', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101, 102])
    utimesSync(join(site.recordsDir, '100'), new Date(0), new Date(0))
    for (const name of ['101', '102'])
      for (const file of ['.', ...readdirSync(join(site.recordsDir, name))])
        utimesSync(join(site.recordsDir, name, file), new Date(0), new Date(0))
    const part = join(site.recordsDir, '101', 'metadata.txt')
    utimesSync(part, new Date(), new Date())
    utimesSync(join(site.recordsDir, '101'), new Date(), new Date())
    const archiver = spawnArchiver(['watch', site.configPath, '--interval', '500ms', '--settle', '1h'])
    await archiver.logged('Run 101 may still be written')
    await archiver.logged('[Migration] [Run 100] done')
    expect(site.archived()).toEqual([100])
    for (const path of [part, join(site.recordsDir, '101')]) utimesSync(path, new Date(0), new Date(0))
    await archiver.logged('[Migration] [Run 102] done')
    archiver.kill('SIGTERM')
    await archiver.finished
    expect(site.archived()).toEqual([100, 101, 102])
    expect(site.failures('import')).toEqual([])
  })

  test('a record that was new before it began to look is taken as soon as it is settled', async () => {
    const site = makeSite(dir())
    site.addRuns([100])
    const archiver = spawnArchiver(['watch', site.configPath, '--interval', '1h', '--settle', '3s'])
    await archiver.logged('Run 100 may still be written')
    await archiver.logged('[Migration] [Run 100] done')
    archiver.kill('SIGTERM')
    expect((await archiver.finished).code).toBe(0)
  })

  test('outlives run records that are not mounted, and goes on when they are back', async () => {
    const site = makeSite(dir())
    site.addRuns([100])
    const away = join(dir(), 'away')
    renameSync(site.recordsDir, away)
    const archiver = watchSite(site, ['--interval', '200ms'])
    await archiver.logged('Cannot read the run records')
    renameSync(away, site.recordsDir)
    await archiver.logged('[Migration] [Run 100] done')
    archiver.kill('SIGTERM')
    expect((await archiver.finished).code).toBe(0)
  })

  test('reads the configuration again at SIGHUP, and keeps the old one when the new one has mistakes', async () => {
    const site = makeSite(dir())
    site.addRuns([100])
    const archiver = watchSite(site, ['--interval', '1h', '-v'])
    await archiver.logged('The next execution follows')
    const good = readFileSync(site.configPath, 'utf8')
    writeFileSync(site.configPath, good.replace('run_records_dir', 'run_records_folder'))
    archiver.kill('SIGHUP')
    await archiver.logged('The configuration stays as it was')
    site.addRuns([101])
    await archiver.logged('[Migration] [Run 101] done')
    const other = join(dir(), 'other_records')
    renameSync(site.recordsDir, other)
    mkdirSync(site.recordsDir)
    writeFileSync(site.configPath, good.replace(site.recordsDir, other))
    archiver.kill('SIGHUP')
    await archiver.logged('The configuration was read again')
    site.addRuns([102])
    renameSync(join(site.recordsDir, '102'), join(other, '102'))
    await archiver.logged('[Migration] [Run 102] done')
    archiver.kill('SIGINT')
    expect((await archiver.finished).code).toBe(130)
  })

  test('waits for its turn while somebody else has the lock, and lets others have it between executions', async () => {
    const site = makeSite(dir())
    site.addRuns([100])
    mkdirSync(site.workDir)
    const lockFile = join(site.workDir, '.archiver.lock')
    const lock = await FileLock.acquire(lockFile)
    const archiver = watchSite(site, ['--interval', '200ms'])
    await archiver.logged(`WARNING - Lock "${lockFile}" is held`)
    expect(site.archived()).toEqual([])
    await lock.release()
    await archiver.logged('[Migration] [Run 100] done')
    await (await FileLock.acquire(lockFile, { timeoutMs: 5000 })).release()
    archiver.kill('SIGTERM')
    expect((await archiver.finished).code).toBe(0)
  })

  test('goes on after its lock file was removed', async () => {
    const site = makeSite(dir())
    site.addRuns([100])
    const archiver = watchSite(site, ['--interval', '1h'])
    await archiver.logged('[Migration] [Run 100] done')
    rmSync(join(site.workDir, '.archiver.lock'), { force: true })
    site.addRuns([101])
    await archiver.logged('[Migration] [Run 101] done')
    archiver.kill('SIGTERM')
    expect((await archiver.finished).code).toBe(0)
  })

  test('killed in the middle, the next one repeats nothing and misses nothing', async () => {
    const site = makeSite(dir())
    const runs = Array.from({ length: 30 }, (_, index) => 100 + index)
    site.configure({ batch_size: 10 })
    site.addRuns(runs)
    const first = watchSite(site, ['--interval', '1h'])
    await first.logged('[Import] [Run 113] done')
    first.kill('SIGKILL')
    await first.finished
    const second = watchSite(site, ['--interval', '1h', '-v'])
    await second.logged('The next execution follows')
    second.kill('SIGTERM')
    const { stderr } = await second.finished
    expect(stderr).not.toContain('[Import] [Run 105] done')
    expect(site.archived()).toEqual(runs)
  })

  test('a configuration with mistakes ends it at the start', async () => {
    const site = makeSite(dir())
    writeFileSync(site.configPath, 'app:\n  batch: 1\n')
    const { code, stderr } = await watchSite(site).finished
    expect(code).toBe(1)
    expect(stderr).toContain('app.batch: there is no such key')
  })

  test.each(['file', 'abstract'])(
    'tells a service manager what it does, by a socket with a name that is %s',
    async (kind) => {
      const manager = listenAsServiceManager(kind === 'file' ? join(dir(), 's') : `@holdfast-${process.pid}`)
      const site = makeSite(dir())
      site.addRuns([100])
      const archiver = watchSite(site, ['--interval', '1h'], { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: '100000' })
      await manager.saw('STATUS=Waiting')
      await manager.saw('WATCHDOG=1', 3)
      archiver.kill('SIGHUP')
      await manager.saw('STATUS=Waiting', 2)
      archiver.kill('SIGTERM')
      await archiver.finished
      await manager.saw('STOPPING=1')
      const said = manager.received.map((line) => line.replace(/=.*/, '')).filter((word) => word !== 'WATCHDOG')
      expect(said).toEqual([
        ...['READY', 'STATUS', 'STATUS', 'RELOADING', 'MONOTONIC_USEC', 'READY'],
        ...['STATUS', 'STATUS', 'STOPPING'],
      ])
    },
  )

  test('a service manager that does not listen for a while hears again that the process is alive', async () => {
    const manager = listenAsServiceManager(join(dir(), 's'))
    const site = makeSite(dir())
    const archiver = watchSite(site, ['--interval', '1h'], { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: '20000' })
    // A datagram socket holds only so many messages that nobody has read.
    await archiver.logged('The service manager cannot be told')
    await manager.saw('WATCHDOG=1', 100)
    await archiver.logged('The service manager can be told again')
    archiver.kill('SIGTERM')
    const { stderr } = await archiver.finished
    expect(stderr.split('cannot be told')).toHaveLength(2)
  })

  test('a service manager that is gone changes nothing', async () => {
    const site = makeSite(dir())
    site.addRuns([100])
    const archiver = watchSite(site, ['--interval', '1h'], { NOTIFY_SOCKET: join(dir(), 'gone') })
    await archiver.logged('The service manager cannot be told')
    await archiver.logged('[Migration] [Run 100] done')
    archiver.kill('SIGTERM')
    expect((await archiver.finished).code).toBe(0)
  })
})
