import { existsSync, readFileSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { SLOW_YAML, type SpawnedPipeline, useCommandSite } from '../support/spawn-pipeline.js'

const site = useCommandSite()

beforeEach(() => {
  site.write('slow.yaml', SLOW_YAML)
  site.write('a.txt', 'a\n')
  site.write('b.txt', 'b\n')
})

function startOn(name: string): SpawnedPipeline {
  return site.start(['run', 'slow.yaml', '--input', `${name}.txt`])
}

/** The process of the phase, once it has told. */
async function processOf(name: string): Promise<number> {
  await expect.poll(() => existsSync(site.path(`pid-${name}`)) && site.read(`pid-${name}`).endsWith('\n')).toBe(true)
  return Number(site.read(`pid-${name}`))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // What has ended and nobody has waited for is not alive.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('pipeline run, stopped', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends the tree, is recorded, and is exit code 130',
    async (signal) => {
      const run = startOn('a')
      const pid = await processOf('a')
      run.kill(signal)
      const { code, stdout } = await run.finished
      expect(code).toBe(130)
      expect(isAlive(pid)).toBe(false)
      expect(stdout).toMatch(/^a: interrupted after .*; run it again to go on$/m)
      expect(site.state()['phase1']).toMatchObject({
        files: { a: { status: 'failed', errors: [{ type: 'Cancelled' }] } },
      })
      expect(JSON.parse(site.read('run_summary.json'))).toMatchObject({ status: 'cancelled', exitCode: 130 })
      site.write('go', '')
      expect((await site.run('run', 'slow.yaml', '--input', 'a.txt')).code).toBe(0)
    },
  )

  test('a second signal does not wait until the grace is over', async () => {
    site.write('slow.yaml', SLOW_YAML.replace('echo $$', "trap '' TERM; echo $$"))
    const run = startOn('a')
    const pid = await processOf('a')
    const began = performance.now()
    run.kill('SIGINT')
    await run.told('a second signal gives it no more time')
    run.kill('SIGINT')
    expect((await run.finished).code).toBe(130)
    expect(performance.now() - began).toBeLessThan(4000)
    expect(isAlive(pid)).toBe(false)
  })

  test('killed, it is told as interrupted by status, and the next run takes it up', async () => {
    const run = startOn('a')
    const pid = await processOf('a')
    const alive = await site.json('status', 'slow.yaml')
    expect(alive.document.inputs[0].phases[0]).toMatchObject({
      status: 'running',
      owner: { pid: run.pid, isAlive: true },
    })
    run.kill('SIGKILL')
    await run.finished
    const dead = await site.json('status', 'slow.yaml')
    expect(dead.document.inputs[0]).toMatchObject({ status: 'interrupted' })
    expect(dead.document.inputs[0].phases[0]).toMatchObject({ status: 'interrupted', owner: { isAlive: false } })
    expect((await site.run('status', 'slow.yaml')).stdout).toMatch(
      new RegExp(`phase1 +interrupted .*process ${run.pid} on .* is gone; the next run takes it up`),
    )
    const next = startOn('a')
    await expect.poll(() => site.read('pid-a')).not.toBe(`${pid}\n`)
    expect(isAlive(pid)).toBe(false)
    site.write('go', '')
    expect((await next.finished).code).toBe(0)
  })
})

describe('pipeline run, started twice', () => {
  test('on one input the second is refused, and the first is not disturbed', async () => {
    const first = startOn('a')
    await processOf('a')
    const second = await site.json('run', 'slow.yaml', '--input', 'a.txt')
    expect(second).toMatchObject({ code: 1, document: { error: { code: 'ERR_PIPELINE_RUNNING' }, exitCode: 1 } })
    const preview = await site.json('run', 'slow.yaml', '--input', 'a.txt', '--dry-run')
    expect(preview.document.isBusy).toBe(true)
    const doctor = await site.run('doctor', 'slow.yaml', '--input', 'a.txt')
    expect(doctor.code).toBe(1)
    expect(doctor.stdout).toContain('Another process is at work on')
    site.write('go', '')
    expect((await first.finished).code).toBe(0)
  })

  test('on two inputs they go on side by side in one state', async () => {
    const runs = [startOn('a'), startOn('b')]
    // Neither ends before both are at work.
    await processOf('a')
    await processOf('b')
    site.write('go', '')
    expect((await Promise.all(runs.map((run) => run.finished))).map(({ code }) => code)).toEqual([0, 0])
    expect(site.state()['phase2']).toMatchObject({ files: { a: { status: 'success' }, b: { status: 'success' } } })
  })

  test('restore and clean keep away from a state that is worked on', async () => {
    const first = startOn('a')
    await processOf('a')
    const { document } = await site.json('backups', 'slow.yaml')
    const restore = await site.json('restore', document.backups[0].path, 'slow.yaml', '--yes')
    expect(restore).toMatchObject({ code: 1, document: { error: { code: 'ERR_PIPELINE_RUNNING' } } })
    expect((await site.json('clean', 'slow.yaml', '--yes')).document.error.code).toBe('ERR_PIPELINE_RUNNING')
    site.write('go', '')
    expect((await first.finished).code).toBe(0)
  })
})

describe('pipeline status --watch', () => {
  test('prints each change as a document of its own until it is interrupted', async () => {
    const watch = site.start(['status', 'slow.yaml', '--watch', '--json'])
    await watch.printed('"inputs":[]')
    const run = startOn('a')
    await watch.printed('"status":"running"')
    site.write('go', '')
    await run.finished
    await watch.printed('"fileId":"a","input":"a.txt","status":"success"')
    watch.kill('SIGINT')
    const { code, stdout } = await watch.finished
    expect(code).toBe(130)
    for (const line of stdout.trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
  })
})
