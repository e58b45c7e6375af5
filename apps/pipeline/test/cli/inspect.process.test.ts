import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, utimesSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { BOOK_YAML, useCommandSite } from '../support/spawn-pipeline.js'

const site = useCommandSite()

beforeEach(() => {
  site.write('book.yaml', BOOK_YAML)
  site.write('book.txt', 'one\ntwo\n')
})

describe('pipeline status, explain, history and backups', () => {
  test('tell what is done, what is not and why, and write nothing', async () => {
    site.write('bad-chunk_01', '')
    await site.run('run', 'book.yaml', '--input', 'book.txt', '--phases', '1')
    await site.run('run', 'book.yaml', '--input', 'book.txt', '--max-retries', '0')
    const before = site.snapshot()
    const status = await site.run('status', 'book.yaml')
    expect(status.stdout).toMatch(/^book \(book\.txt\): failed|partial/)
    expect(status.stdout).toMatch(/^ {2}phase3 +partial +1\/2, 1 failed/m)
    const { document } = await site.json('status', '--file-id', 'book')
    expect(
      document.inputs[0].phases.map(({ phase, status: word }: Record<string, string>) => `${phase} ${word}`),
    ).toEqual(['phase1 success', 'phase2 success', 'phase3 partial', 'phase4 skipped'])
    const explained = await site.run('explain', 'book.yaml', '3', '--input', 'book.txt')
    expect(explained.stdout).toContain('phase3  would run, 1 of 2 items: chunk_01: it failed: Ended with exit code 7')
    expect(explained.stdout).toContain('items: 1 of 2 done')
    const first = await site.run('explain', 'book.yaml', 'phase1', '--input', 'book.txt')
    expect(first.stdout).toContain('phase1  unchanged: inputs, command, parameters and outputs are unchanged')
    expect(first.stdout).toMatch(/wrote work\/book\/text\.txt 8 bytes [0-9a-f]{12}/)
    const history = await site.json('history', 'book.yaml', '--limit', '100')
    const operations = history.document.records.map(({ operation }: { operation: string }) => operation)
    expect(operations).toContain('phase1_success_commit')
    expect((await site.run('history', '--limit', '1')).stdout.split('\n')).toHaveLength(2)
    expect((await site.json('backups')).document.backups.length).toBeGreaterThan(0)
    expect(site.snapshot()).toEqual(before)
  })

  test('status of nothing', async () => {
    const before = site.snapshot()
    expect(await site.run('status', 'book.yaml')).toMatchObject({ code: 0, stdout: 'Nothing is recorded yet\n' })
    expect(site.snapshot()).toEqual(before)
  })
})

describe('pipeline graph', () => {
  test('prints Mermaid, and SVG that is well-formed', async () => {
    const { stdout } = await site.run('graph', 'book.yaml')
    expect(stdout).toContain('flowchart TD\n  p_phase1["Extract<br/>phase1"]\n')
    expect(stdout).toContain('  p_phase3[["Synthesise<br/>phase3, items"]]\n')
    expect(stdout).toContain('  p_phase3 --> p_phase4\n')
    site.write('graph.svg', (await site.run('graph', 'book.yaml', '--svg')).stdout)
    expect(site.read('graph.svg')).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  })
})

describe('pipeline validate', () => {
  test('says that a pipeline is right', async () => {
    const { code, stdout } = await site.run('validate', 'book.yaml')
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "'book.yaml' is right: book, 4 phases (phase1, phase2, phase3, phase4)\n",
    })
  })

  test('names every mistake with its line', async () => {
    site.write('bad.yaml', 'name: x\nphases:\n  - id: phase1\n    command: [cp, "${inputt}"]\n    needs: [phase2]\n')
    const { code, stderr } = await site.run('validate', 'bad.yaml')
    expect(code).toBe(1)
    expect(stderr).toContain('line 5')
  })
})

describe('pipeline restore', () => {
  test('with --dry-run changes nothing; restores what was, and tells how to undo it', async () => {
    await site.run('run', 'book.yaml', '--input', 'book.txt', '--phases', '1')
    await site.run('run', 'book.yaml', '--input', 'book.txt')
    const { document } = await site.json('backups', 'book.yaml')
    const backup = document.backups.at(-1).path
    const before = site.snapshot()
    const dry = await site.json('restore', backup, 'book.yaml', '--dry-run')
    expect(dry.document).toMatchObject({ restored: false, dryRun: true })
    expect(dry.document.changes).toBeGreaterThan(0)
    expect(site.snapshot()).toEqual(before)
    const asked = await site.run('restore', backup, 'book.yaml')
    expect(asked.code).toBe(2)
    expect(asked.stderr).toContain("there is no terminal; add '--yes'")
    const newest = site.read('pipeline.json')
    const { code, document: restored } = await site.json('restore', backup, 'book.yaml', '--yes')
    expect(code).toBe(0)
    expect(site.read('pipeline.json')).not.toBe(newest)
    await site.run(...restored.undo.split(' ').slice(1), '--yes')
    expect(site.read('pipeline.json')).toBe(newest)
  })
})

describe('pipeline doctor', () => {
  test('finds nothing wrong, and writes nothing', async () => {
    const before = site.snapshot()
    const { code, document } = await site.json('doctor', 'book.yaml', '--input', 'book.txt', '--min-free', '1MB')
    expect({ code, ok: document.ok }).toEqual({ code: 0, ok: true })
    expect(site.snapshot()).toEqual(before)
  })

  test('names everything that would go wrong with its fix, exit code 1', async () => {
    site.write(
      'ill.yaml',
      `name: ill
phases:
  - id: phase1
    command: [no-such-program-here, "\${input}"]
    env: { pass: [NO_SUCH_VARIABLE] }
  - id: phase2
    command: [./not-here.sh]
    cwd: nowhere
`,
    )
    site.write('empty.txt', '')
    site.write('pipeline.json', '{')
    const ill = await site.run('doctor', 'ill.yaml', '--min-free', '1000000TB')
    expect(ill.code).toBe(1)
    expect(ill.stdout).toContain("'no-such-program-here', which phase1 starts, is not in the PATH\n")
    expect(ill.stdout).toContain('which phase2 starts, is not there or may not be executed\n')
    expect(ill.stdout).toContain(`The folder that phase2 works in is not there: '${site.path('nowhere')}'\n`)
    expect(ill.stdout).toMatch(/^warning +environment +'NO_SUCH_VARIABLE'/m)
    expect(ill.stdout).toMatch(/^failed +space /m)
    expect(ill.stdout).toMatch(/^failed +state +Cannot read /m)
    rmSync(site.path('pipeline.json'))
    const inputs = await site.run('doctor', 'book.yaml', '--input', 'empty.txt', 'book.txt')
    expect(inputs.code).toBe(0)
    expect(inputs.stdout).toMatch(/^warning +input +The input '.*empty\.txt' is empty$/m)
  })
})

describe('pipeline clean', () => {
  test('removes old logs and outputs that the state does not tell of, and nothing else', async () => {
    site.write('bad-chunk_01', '')
    await site.run('run', 'book.yaml', '--input', 'book.txt')
    rmSync(site.path('bad-chunk_01'))
    await site.run('run', 'book.yaml', '--input', 'book.txt')
    site.write('work/book/chunk_07', 'old')
    site.write('out/book/chunk_07.wav', 'old')
    site.write('out/book/notes.md', 'mine')
    const old = site.path('.pipeline/logs/book/phase3/chunk_01-1.log')
    const known = site.path('.pipeline/logs/book/phase3/chunk_01-3.log')
    for (const log of [old, known]) utimesSync(log, new Date(0), new Date(0))
    const before = site.snapshot()
    const dry = await site.run('clean', 'book.yaml', '--dry-run')
    expect(dry.stdout).toMatch(/3 files \(.*\) would be removed\n$/)
    expect((await site.run('clean', 'book.yaml')).code).toBe(2)
    const { document } = await site.json('clean', 'book.yaml', '--yes')
    expect(document.removed.map(({ path }: { path: string }) => path).sort()).toEqual(
      [old, site.path('out/book/chunk_07.wav'), site.path('work/book/chunk_07')].sort(),
    )
    expect(site.snapshot().length).toBe(before.length - 3)
    expect(existsSync(known)).toBe(true)
    const again = await site.json('run', 'book.yaml', '--input', 'book.txt')
    expect(again.document.phases.every(({ status }: { status: string }) => status === 'unchanged')).toBe(true)
  })
})

describe('pipeline, its output', () => {
  test.each(['status', 'history'])('a closed pipe is no error: %s', async (name) => {
    await site.run('run', 'book.yaml', '--input', 'book.txt')
    const bin = new URL('../../bin/pipeline.js', import.meta.url).pathname
    const line = `"${process.execPath}" "${bin}" ${name} | true; echo "\${PIPESTATUS[0]}"`
    expect(execFileSync('bash', ['-c', line], { cwd: site.path('.'), encoding: 'utf8' })).toBe('0\n')
  })

  test('a run goes on when nobody reads what it tells', async () => {
    const bin = new URL('../../bin/pipeline.js', import.meta.url).pathname
    const line = `{ "${process.execPath}" "${bin}" run book.yaml --input book.txt; echo "$?" > code; } 2>&1 | true`
    execFileSync('bash', ['-c', line], { cwd: site.path('.') })
    expect(site.read('code')).toBe('0\n')
    expect(existsSync(site.path('out/book/book.mp3'))).toBe(true)
  })

  test('a result that cannot be written for a full disk is exit code 1', () => {
    const bin = new URL('../../bin/pipeline.js', import.meta.url).pathname
    const line = `"${process.execPath}" "${bin}" validate book.yaml 2> told > /dev/full; echo "$?"`
    expect(execFileSync('bash', ['-c', line], { cwd: site.path('.'), encoding: 'utf8' })).toBe('1\n')
    expect(site.read('told')).toContain('The result cannot be written')
  })
})
