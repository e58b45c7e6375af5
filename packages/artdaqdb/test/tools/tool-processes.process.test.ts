import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { sampleRun } from '../sample-run.js'
import { isAlive, leftovers, makeToolSite, type ToolSite } from './tool-site.js'

const dir = useTempDir()
const places = [
  ['here', {}],
  ['on another host', { remoteHost: 'db01' }],
] as const

/** All processes that belong to a site: they have its folder in their environment. */
function processesOf(site: ToolSite): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(site.tempDir.replace(/tmp$/, 'control')) && isAlive(pid)
        )
      } catch {
        return false
      }
    })
}

async function gone(site: ToolSite): Promise<void> {
  for (let tries = 0; tries < 250 && processesOf(site).length > 0; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(processesOf(site)).toEqual([])
}

describe.each(places)('a tool that hangs %s', (where, tools) => {
  test('conftool, loader and downloader are ended with all that they started after the time limit', async () => {
    const codes = { conftool: 'UNAVAILABLE', bulkloader: 'TIMEOUT', bulkdownloader: 'TIMEOUT' }
    // All at once: most of the time is that of the limit.
    await Promise.all(
      Object.entries(codes).map(async ([tool, code]) => {
        const site = makeToolSite(join(dir(), tool))
        const database = await site.open({ ...tools, timeoutMs: 4_000 })
        site.ask(`${tool}.hang`, 'once')
        const stored = database.storeRun(sampleRun(1)).catch((error: unknown) => error)
        const pids = await site.hanging()
        expect(pids).toHaveLength(3)
        expect(pids.map(isAlive), tool).toEqual([true, true, true])
        expect(await stored, tool).toMatchObject({ code: `ERR_ARTDAQDB_${code}` })
        expect(pids.map(isAlive), tool).toEqual([false, false, false])
        await gone(site)
        expect(leftovers(site)).toEqual([])
      }),
    )
  })

  test('an abort signal ends it, too', async () => {
    const site = makeToolSite(dir())
    const database = await site.open(tools)
    site.ask('bulkloader.hang')
    const controller = new AbortController()
    const stored = database.storeRun(sampleRun(1), { signal: controller.signal }).catch((error: unknown) => error)
    const pids = await site.hanging()
    controller.abort(new Error('enough'))
    expect(await stored).toMatchObject({ message: 'enough' })
    expect(pids.map(isAlive)).toEqual([false, false, false])
    await gone(site)
    expect(leftovers(site)).toEqual([])
  })

  test('the end of its user by SIGKILL ends it, too', async () => {
    const site = makeToolSite(dir())
    site.ask('bulkloader.hang')
    const script = new URL('../fixtures/store-with-tools.mjs', import.meta.url)
    const options = { env: site.env, tempDir: site.tempDir, graceMs: 300, ...tools }
    const child = startChild(script, { args: [JSON.stringify(options)] })
    const pids = await site.hanging()
    child.kill('SIGKILL')
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL' })
    await gone(site)
    expect(pids.map(isAlive)).toEqual([false, false, false])
    // What the killed process itself could not remove is swept later; the other host cleans up by itself.
    if (where === 'on another host') expect(leftovers(site)).toEqual([])
  })
})

describe('a connection that breaks', () => {
  test('ends the tool on the other host and is an unavailable database', async () => {
    const site = makeToolSite(dir())
    const database = await site.open({ remoteHost: 'db01' })
    site.ask('bulkloader.hang')
    site.ask('ssh.drop', 'hanging')
    const error = await database.storeRun(sampleRun(1)).catch((failed: unknown) => failed)
    expect(error).toMatchObject({ code: 'ERR_ARTDAQDB_UNAVAILABLE' })
    await gone(site)
    expect(leftovers(site)).toEqual([])
    expect(readdirSync(join(site.tempDir))).toEqual([])
  })
})
