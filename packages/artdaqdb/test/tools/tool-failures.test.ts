import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { sampleRun } from '../sample-run.js'
import { leftovers, makeToolSite } from './tool-site.js'

const dir = useTempDir()

async function failure(work: Promise<unknown>): Promise<Error & { code?: string; hint?: string }> {
  return await work.then(
    () => expect.fail('it did not fail'),
    (error) => error,
  )
}

describe('the wrong exit codes of the tools', () => {
  test.each([
    ['the loader refuses a file and says so', 'bulkloader.refuse', undefined],
    ['the loader refuses a file and reports success', 'bulkloader.refuse', 'bulkloader.wrongsuccess'],
    ['the loader loses a file silently', 'bulkloader.lose', undefined],
  ] as const)('%s: the run fails, naming the file', async (_, behaviour, also) => {
    const site = makeToolSite(dir())
    const database = await site.open()
    site.ask(behaviour, 'tpc01.fcl')
    if (also !== undefined) site.ask(also)
    const error = await failure(database.storeRun(sampleRun(5)))
    expect(error).toMatchObject({ code: 'ERR_ARTDAQDB_REFUSED', run: 5, files: ['tpc01.fcl'] })
    expect(error.message).toContain('tpc01.fcl')
    rmSync(join(site.env.FAKE_TOOLS_DIR ?? '', behaviour))
    expect(await database.storeRun(sampleRun(5))).toMatchObject({ outcome: 'completed', documents: 1 })
  })

  test('text that reads back differently is found out', async () => {
    const site = makeToolSite(dir())
    site.ask('bulkloader.damage', 'tpc01.fcl')
    const error = await failure((await site.open()).storeRun(sampleRun(5)))
    expect(error).toMatchObject({ code: 'ERR_ARTDAQDB_VERIFICATION', entities: ['tpc01'] })
  })

  test.each([
    ['with exit 0 though a file failed', 'bulkdownloader.lose'],
    ['cut off', 'bulkdownloader.cut'],
  ])('an export %s is an error, never a shorter run', async (_, behaviour) => {
    const site = makeToolSite(dir())
    const database = await site.open()
    await database.storeRun(sampleRun(5))
    site.ask(behaviour, 'metadata.fcl')
    const error = await failure(database.exportRun(5))
    expect(error).toMatchObject({ code: 'ERR_ARTDAQDB_INCOMPLETE', run: 5, files: ['beam-/metadata.fcl'] })
  })

  test.each([
    ['1', 'ERR_ARTDAQDB_REFUSED'],
    ['136', 'ERR_ARTDAQDB_REFUSED'],
    ['144', 'ERR_ARTDAQDB_REFUSED'],
    ['127', 'ERR_ARTDAQDB_UNAVAILABLE'],
    ['128', 'ERR_ARTDAQDB_UNAVAILABLE'],
    ['129', 'ERR_ARTDAQDB_UNAVAILABLE'],
    ['130', 'ERR_ARTDAQDB_UNAVAILABLE'],
    ['131', 'ERR_ARTDAQDB_UNAVAILABLE'],
  ])('the loader ends with code %s while the database answers: %s', async (code, expected) => {
    const site = makeToolSite(dir())
    site.ask('bulkloader.exit', code)
    expect(await failure((await site.open()).storeRun(sampleRun(5)))).toMatchObject({ code: expected })
  })

  test.each([
    ['here', {}],
    ['on another host', { remoteHost: 'db01' }],
  ])('a division by zero of the loader is named, %s', async (_, tools) => {
    const site = makeToolSite(dir())
    site.ask('bulkloader.nothing')
    const error = await failure((await site.open(tools)).storeRun(sampleRun(5)))
    expect(error).toMatchObject({ code: 'ERR_ARTDAQDB_REFUSED' })
    expect(error.message).toContain('SIGFPE')
    expect(site.documents()).toEqual([])
  })
})

describe('a database that cannot be used', () => {
  const unavailable = { code: 'ERR_ARTDAQDB_UNAVAILABLE' }

  test('an unreachable database, without its credentials in the message', async () => {
    const site = makeToolSite(dir())
    site.ask('conftool.exit')
    const database = await site.open()
    for (const work of [database.listRuns(), database.storeRun(sampleRun(1)), database.exportRun(1)]) {
      const error = await failure(work)
      expect(error).toMatchObject(unavailable)
      expect(error.message).toContain('gives up for …')
      expect(`${error.message} ${error.hint}`).not.toMatch(/s3cr|daq:/)
    }
  })

  test('one that goes away while a run is loaded', async () => {
    const site = makeToolSite(dir())
    const database = await site.open()
    site.ask('bulkloader.slow', '1500')
    const stored = failure(database.storeRun(sampleRun(1)))
    while (site.calls('bulkloader').length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    site.ask('conftool.exit')
    expect(await stored).toMatchObject(unavailable)
  })

  test.each(['conftool', 'bulkloader', 'bulkdownloader'] as const)('without the program %s', async (tool) => {
    const site = makeToolSite(dir())
    for (const remoteHost of [undefined, 'db01']) {
      const database = await site.open({ programs: { [tool]: 'no-such-tool' }, remoteHost })
      const error = await failure(database.storeRun(sampleRun(remoteHost === undefined ? 1 : 2)))
      expect(error).toMatchObject(unavailable)
      expect(error.message).toContain("Cannot run 'no-such-tool': there is no such program")
      expect(error.hint).toContain('artdaq_database environment')
    }
    expect(leftovers(site)).toEqual([])
  })

  test.each([
    ['daq@db01: Permission denied (publickey,gssapi-with-mic).', 'without a password'],
    ['Host key verification failed.', 'log in once'],
    ['Host key for db01 has changed and you have requested strict checking.', 'ask its administrator'],
    ['ssh: Could not resolve hostname db01: Name or service not known', 'artdaq_db.remote_host'],
    ['ssh: connect to host db01 port 22: Connection refused', 'Is db01 up'],
  ])('ssh says: %s', async (trouble, hint) => {
    const site = makeToolSite(dir())
    site.ask('ssh.trouble', trouble)
    const error = await failure((await site.open({ remoteHost: 'db01' })).listRuns())
    expect(error).toMatchObject(unavailable)
    expect(error.message).toContain(trouble)
    expect(error.hint).toContain(hint)
  })

  test('without ssh', async () => {
    const site = makeToolSite(dir())
    const database = await site.open({ remoteHost: 'db01', programs: { ssh: 'no-such-ssh' } })
    expect(await failure(database.listRuns())).toMatchObject(unavailable)
  })

  test('an answer that is cut off', async () => {
    const site = makeToolSite(dir())
    await (await site.open()).storeRun(sampleRun(1))
    site.ask('conftool.cut')
    const error = await failure((await site.open()).listRuns())
    expect(error).toMatchObject(unavailable)
    expect(error.message).toContain('cut off')
  })
})

describe('what the tools print', () => {
  test('garbage around an answer is passed over', async () => {
    const site = makeToolSite(dir())
    site.ask('conftool.garbage')
    site.ask('bulkloader.garbage')
    const database = await site.open()
    expect(await database.storeRun(sampleRun(1))).toMatchObject({ outcome: 'stored' })
    expect((await database.listRuns()).size).toBe(1)
  })

  test('control characters and floods do not reach a message', async () => {
    const site = makeToolSite(dir())
    for (const behaviour of ['conftool.garbage', 'conftool.flood']) site.ask(behaviour)
    site.ask('conftool.exit', '3')
    const error = await failure((await site.open()).listRuns())
    expect(error.message).not.toMatch(/[\p{Cc}]/u)
    expect(error.message.length).toBeLessThan(1_000)
  })
})
