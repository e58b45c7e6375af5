import { existsSync, rmSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { BOOK_YAML, SLOW_YAML, useCommandSite } from '../support/spawn-pipeline.js'

const site = useCommandSite()

interface Batch {
  readonly status: string
  readonly reason?: string
  readonly metrics: object
  readonly files: Record<string, { readonly status: string }>
}

function batches(): Batch[] {
  return site.state()['batch_runs'] as Batch[]
}

beforeEach(() => {
  site.write('book.yaml', BOOK_YAML)
  site.write('slow.yaml', SLOW_YAML)
  for (const name of ['b1', 'b2', 'b10']) site.write(`in/${name}.txt`, `${name}\n`)
  site.write('in/.hidden', 'x')
})

describe('pipeline batch', () => {
  test('one input that fails stops nobody; exit code 3, and only that is done in the next one', async () => {
    site.write('bad-b2', '')
    const first = await site.run('batch', 'book.yaml', '--input', 'in', '--parallel', '2')
    expect(first.code).toBe(3)
    expect(first.stdout).toMatch(/^b1 +success .*\nb2 +failed .*phase1: Ended with exit code 1\nb10 +success /m)
    expect(first.stdout).toContain('2 of 3 inputs done, 0 of them unchanged, 0 partly, 1 failed; partly done in ')
    expect(batches()).toMatchObject([
      {
        status: 'partial',
        metrics: { files_total: 3, files_completed: 2, files_failed: 1 },
        files: { b1: { status: 'success' }, b2: { status: 'failed' }, b10: { status: 'success' } },
      },
    ])
    rmSync(site.path('bad-b2'))
    const { code, document } = await site.json('batch', 'book.yaml', '--input', 'in')
    expect(code).toBe(0)
    expect(
      document.inputs.map(({ fileId, isUnchanged }: { fileId: string; isUnchanged: boolean }) => [fileId, isUnchanged]),
    ).toEqual([
      ['b1', true],
      ['b2', false],
      ['b10', true],
    ])
    expect(JSON.parse(site.read('run_summary.json'))).toMatchObject({
      status: 'success',
      exitCode: 0,
      inputs: { length: 3 },
    })
    expect(batches()).toHaveLength(2)
  })

  test('takes files, folders and globs, each input once', async () => {
    const { document } = await site.json('batch', 'book.yaml', '--dry-run', '--input', 'in/b10.txt', 'in/b?.txt', 'in')
    expect(document.inputs.map(({ fileId }: { fileId: string }) => fileId)).toEqual(['b10', 'b1', 'b2'])
  })

  test('refuses a name that stands for nothing', async () => {
    const { code, stderr } = await site.run('batch', 'book.yaml', '--input', 'in/*.pdf')
    expect(code).toBe(1)
    expect(stderr).toContain("No file matches the input 'in/*.pdf'")
  })

  test('--dry-run writes nothing', async () => {
    const before = site.snapshot()
    expect((await site.run('batch', 'book.yaml', '--input', 'in', '--dry-run')).code).toBe(0)
    expect(site.snapshot()).toEqual(before)
  })

  test('two inputs with one id are not mixed up: the second one fails', async () => {
    site.write('other/b1.txt', 'another\n')
    const { code, document } = await site.json('batch', 'book.yaml', '--input', 'in/b1.txt', 'other/b1.txt')
    expect(code).toBe(3)
    expect(document.inputs[1].reason).toContain("Its id 'b1' is that of '")
  })

  test('nothing but failures is exit code 1', async () => {
    site.write('bad-b1', '')
    expect((await site.run('batch', 'book.yaml', '--input', 'in/b1.txt')).code).toBe(1)
  })

  test('--parallel inputs are worked on at the same time; the record is saved after each, and outlives a kill', async () => {
    // b1 ends only after b2 has begun, b2 only with `go`.
    site.write(
      'pair.yaml',
      `name: pair
phases:
  - id: phase1
    shell: true
    command: "echo > at-\${file_id}; until test -e at-b2 && { test \${file_id} = b1 || test -e go; }; do sleep 0.05; done; echo x > \${outputs.o}"
    outputs: { o: "o-\${file_id}" }
`,
    )
    const batch = site.start(['batch', 'pair.yaml', '--input', 'in/b1.txt', 'in/b2.txt', '--parallel', '2'])
    await batch.told('b1: success')
    expect(batches()).toMatchObject([{ status: 'running', files: { b1: { status: 'success' } } }])
    expect(Object.keys(batches()[0]?.files ?? {})).toEqual(['b1'])
    batch.kill('SIGKILL')
    await batch.finished
    site.write('go', '')
    const { document } = await site.json('batch', 'pair.yaml', '--input', 'in/b1.txt', 'in/b2.txt')
    expect(document.inputs.map(({ isUnchanged }: { isUnchanged: boolean }) => isUnchanged)).toEqual([true, false])
    expect(batches()).toMatchObject([{ status: 'failed', reason: 'it was interrupted' }, { status: 'success' }])
  })

  test('SIGINT ends what runs, begins nothing more, and is exit code 130', async () => {
    const batch = site.start(['batch', 'slow.yaml', '--input', 'in', '--parallel', '2'])
    await expect.poll(() => existsSync(site.path('pid-b1')) && existsSync(site.path('pid-b2'))).toBe(true)
    batch.kill('SIGINT')
    const { code, stdout } = await batch.finished
    expect(code).toBe(130)
    expect(stdout).toContain('1 not begun; interrupted')
    expect(existsSync(site.path('pid-b10'))).toBe(false)
    expect(batches()).toMatchObject([{ status: 'failed', reason: 'it was called off' }])
  })

  test('a damaged state stops the batch before it begins', async () => {
    site.write('pipeline.json', 'no')
    const { code, document } = await site.json('batch', 'book.yaml', '--input', 'in')
    expect(code).toBe(1)
    expect(document.error.code).toBe('ERR_STATE_READ')
    expect(site.read('pipeline.json')).toBe('no')
  })
})
