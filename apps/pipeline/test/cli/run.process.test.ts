import { existsSync, rmSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { BOOK_YAML, useCommandSite } from '../support/spawn-pipeline.js'

const site = useCommandSite()
const RUN = ['run', 'book.yaml', '--input', 'G9 L 1.3.txt'] as const

beforeEach(() => {
  site.write('book.yaml', BOOK_YAML)
  site.write('G9 L 1.3.txt', 'one\ntwo\nthree\n')
})

function statusesOf(document: { phases: { phase: string; status: string }[] }): Record<string, string> {
  return Object.fromEntries(document.phases.map(({ phase, status }) => [phase, status]))
}

describe('pipeline run', () => {
  test('does all phases, prints a table on stdout and how it went on stderr, and writes run_summary.json', async () => {
    const { code, stdout, stderr } = await site.run(...RUN)
    expect(code).toBe(0)
    expect(site.read('out/G9 L 1.3/book.mp3')).toBe('ONE\nanna low\nTWO\nanna low\nTHREE\nanna low\n')
    expect(stdout).toMatch(/^PHASE +NAME +STATUS +ITEMS +ATTEMPTS +TIME +REASON\n/)
    expect(stdout).toMatch(/^phase3 +Synthesise +success +3\/3 +3 +/m)
    expect(stdout).toMatch(/^G9 L 1\.3: done in /m)
    expect(stderr).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ phase1: begins, because it has not run yet$/m)
    expect(stderr).not.toContain('\u001b')
    const summary = JSON.parse(site.read('run_summary.json'))
    expect(summary).toMatchObject({ pipeline: 'book', fileId: 'G9 L 1.3', status: 'success', exitCode: 0 })
    expect(summary.phases).toHaveLength(4)
  })

  test('leaves alone what is unchanged; --no-resume does it again', async () => {
    await site.run(...RUN)
    const again = await site.json(...RUN)
    expect(again.code).toBe(0)
    expect(new Set(Object.values(statusesOf(again.document)))).toEqual(new Set(['unchanged']))
    const anew = await site.json(...RUN, '--no-resume', '--jobs', '2')
    expect(new Set(Object.values(statusesOf(anew.document)))).toEqual(new Set(['success']))
    expect(site.state()['phase1']).toMatchObject({ files: { 'G9 L 1.3': { attempts: 2 } } })
  })

  test('a failed item is exit code 3, its reason is told, and only it is done again', async () => {
    site.write('bad-chunk_01', '')
    const failed = await site.run(...RUN)
    expect(failed.code).toBe(3)
    expect(failed.stdout).toMatch(
      /^phase3 +Synthesise +partial +2\/3 +4 .*1 of 3 items failed, the first: Ended with exit code 7$/m,
    )
    expect(failed.stdout).toMatch(/^phase4 +Join +skipped +0 +it needs phase3, which is done in part$/m)
    expect(failed.stdout).toContain('    no voice\n')
    expect(failed.stderr).toContain('phase3 chunk_01: attempt 1 failed: Ended with exit code 7; again in 0.0 s')
    rmSync(site.path('bad-chunk_01'))
    const { code, document } = await site.json(...RUN)
    expect(code).toBe(0)
    expect(document.phases[2]).toMatchObject({ status: 'success', attempts: 1, items: { done: 1, unchanged: 2 } })
  })

  test('a phase that fails is exit code 1, with --max-retries as often as asked', async () => {
    site.write('bad-chunk_00', '')
    const some = await site.json(...RUN, '--max-retries', '3')
    expect(some.document.phases[2]).toMatchObject({ status: 'partial', attempts: 6 })
    site.write('bad-book', '')
    site.write('book.txt', 'x\n')
    const { code, document } = await site.json('run', 'book.yaml', '--input', 'book.txt', '--max-retries', '0')
    expect(code).toBe(1)
    expect(document).toMatchObject({ status: 'failed', exitCode: 1 })
    expect(statusesOf(document)).toEqual({ phase1: 'failed', phase2: 'skipped', phase3: 'skipped', phase4: 'skipped' })
  })

  test('--phases and --from choose; what was not asked for must be done', async () => {
    const first = await site.json(...RUN, '--phases', '1,2')
    expect(statusesOf(first.document)).toEqual({ phase1: 'success', phase2: 'success' })
    const last = await site.json(...RUN, '--from', 'phase4')
    expect(last.code).toBe(1)
    expect(last.document.phases[0].reason).toBe('it needs phase3, which is not done; run that, too')
    const rest = await site.json(...RUN, '--from', '3')
    expect(statusesOf(rest.document)).toEqual({ phase3: 'success', phase4: 'success' })
  })

  test('--set changes a parameter, for all or for one phase, and does again only what uses it', async () => {
    await site.run(...RUN)
    const voice = await site.json(...RUN, '--set', 'voice=be=n')
    expect(statusesOf(voice.document)).toEqual({
      phase1: 'unchanged',
      phase2: 'unchanged',
      phase3: 'success',
      phase4: 'success',
    })
    expect(site.read('out/G9 L 1.3/chunk_00.wav')).toBe('ONE\nbe=n low\n')
    await site.run(...RUN, '--set', 'phase3.voice=cy', '--set', 'phase3.pitch=high')
    expect(site.read('out/G9 L 1.3/chunk_00.wav')).toBe('ONE\ncy high\n')
    const other = await site.json(...RUN, '--set', 'voice=be=n', '--set', 'speed=2')
    expect(statusesOf(other.document)['phase3']).toBe('success')
  })

  test('--file-id and --pipeline-json say what it is called and where it is recorded', async () => {
    const { document } = await site.json(...RUN, '--file-id', 'mine', '--pipeline-json', 'states/p.json')
    expect(document).toMatchObject({ fileId: 'mine', state: site.path('states/p.json') })
    expect(Object.keys((site.state('states/p.json')['phase1'] as { files: object }).files)).toEqual(['mine'])
    expect(existsSync(site.path('states/run_summary.json'))).toBe(true)
    expect(existsSync(site.path('pipeline.json'))).toBe(false)
  })

  test('runs a pipeline in TypeScript', async () => {
    const api = new URL('../../dist/index.js', import.meta.url).href
    site.write(
      'count.ts',
      `import { definePipeline } from ${JSON.stringify(api)}
      import { writeFileSync } from 'node:fs'
      export default definePipeline({ name: 'count', params: { by: 2 }, phases: [{ id: 'phase1', outputs: { n: 'n.txt' },
        run: ({ targets, params, progress }: { targets: any, params: any, progress: (n: number) => void }) => {
          progress(0.5); writeFileSync(targets.n, String(params.by)) } }] })`,
    )
    const { code, stderr } = await site.run('run', 'count.ts', '--input', 'G9 L 1.3.txt', '--set', 'by=3')
    expect({ code, stderr: stderr.includes('rror') }).toEqual({ code: 0, stderr: false })
    expect(site.read('n.txt')).toBe('3')
  })
})

describe('pipeline run, after an optional phase that failed', () => {
  test('what cannot do without its output fails like every other phase', async () => {
    site.write(
      'optional.yaml',
      `name: optional
phases:
  - { id: phase1, command: ["false"], optional: true, outputs: { o: o.txt } }
  - { id: phase2, command: [echo, "x-\${phases.phase1.outputs.o}"] }
  - { id: phase3, command: [echo, "\${phases.phase1.outputs.o}"], needs: [phase1] }
`,
    )
    const { code, document } = await site.json('run', 'optional.yaml', '--input', 'G9 L 1.3.txt')
    expect(code).toBe(3)
    expect(statusesOf(document)).toEqual({ phase1: 'failed', phase2: 'failed', phase3: 'success' })
    expect(document.phases[1].reason).toContain('has 0 values')
  })
})

describe('pipeline run --dry-run', () => {
  test('says what would run and writes nothing, before the first run', async () => {
    const before = site.snapshot()
    const { code, stdout } = await site.run('--dry-run', ...RUN)
    expect(code).toBe(0)
    expect(stdout).toContain('  phase1  would run: it has not run yet\n')
    expect(site.snapshot()).toEqual(before)
  })

  test('says why, and writes nothing, after one', async () => {
    await site.run(...RUN)
    const before = site.snapshot()
    const { document } = await site.json(...RUN, '--dry-run', '--set', 'voice=bea')
    expect(document.phases.map((phase: { verdict: string }) => phase.verdict)).toEqual([
      'unchanged',
      'unchanged',
      'run',
      'perhaps',
    ])
    expect(document.phases[2]).toMatchObject({
      items: { total: 3, todo: 3 },
      reasons: expect.arrayContaining(['chunk_00: voice changed from "anna" to "bea"']),
    })
    expect(site.snapshot()).toEqual(before)
  })

  test('tells of an obstacle and of an input that is not there', async () => {
    const { stdout } = await site.run(...RUN, '--dry-run', '--phases', '4')
    expect(stdout).toContain('phase4  would be skipped: it needs phase3, which is not done; run that, too\n')
    const { code, stderr } = await site.run('run', 'book.yaml', '--input', 'gone.txt', '--dry-run')
    expect(code).toBe(1)
    expect(stderr).toContain(`The input '${site.path('gone.txt')}' is not there`)
  })
})

describe('pipeline run, with a damaged pipeline.json', () => {
  test('runs nothing, names the restore command, and that mends it', async () => {
    await site.run(...RUN)
    site.write('G9 L 1.3.txt', 'one\n')
    await site.run(...RUN)
    site.write('pipeline.json', '{"phase1": {')
    const before = site.read('out/G9 L 1.3/book.mp3')
    const { code, stdout, stderr } = await site.run(...RUN, '--no-resume')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(site.read('out/G9 L 1.3/book.mp3')).toBe(before)
    expect(site.read('pipeline.json')).toBe('{"phase1": {')
    const [, command = ''] = /Restore the newest good backup with: pipeline (.*)$/m.exec(stderr) ?? []
    expect((await site.run(...command.split(' '))).code).toBe(0)
    expect((await site.run(...RUN)).code).toBe(0)
  })
})

describe('a phase that is a function', () => {
  test.each([
    ['ends the process with 0', 'process.exit(0)'],
    ['throws where nobody listens', "setTimeout(() => { throw new Error('late') }); await new Promise(() => {})"],
  ])('that %s has not ended the run well', async (_, body) => {
    site.write('f.mjs', `export default { name: 'f', phases: [{ id: 'phase1', run: async () => { ${body} } }] }\n`)
    const { code, stderr } = await site.run('run', 'f.mjs', '--input', 'G9 L 1.3.txt')
    expect(code).toBe(2)
    expect(stderr).toContain('ended by a phase before it was done')
    expect((await site.json('status', 'f.mjs')).document.inputs[0].status).toBe('interrupted')
  })

  test('that waits for nothing is waited for until the run is called off', async () => {
    const body = "console.error('waits'); await new Promise(() => {})"
    site.write('f.mjs', `export default { name: 'f', phases: [{ id: 'phase1', run: async () => { ${body} } }] }\n`)
    const run = site.start(['run', 'f.mjs', '--input', 'G9 L 1.3.txt'])
    await run.told('waits')
    run.kill('SIGINT')
    run.kill('SIGTERM')
    expect((await run.finished).code).toBe(130)
  })
})
