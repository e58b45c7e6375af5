import { readFileSync, writeFileSync } from 'node:fs'
import { startChild, useTempDir } from '@holdfast/testkit'
import { TxnStore } from '@holdfast/txn-store'
import { PipelineState, stampPipeline } from '@holdfast/txn-store/pipeline'
import { describe, expect, test } from 'vitest'

import { harbourNotes, laterPhases, oldForms } from './documents.js'

const dir = useTempDir()
const file = (): string => `${dir()}/pipeline.json`

describe('PipelineState', () => {
  test('is a TxnStore: missing is empty, writes are backed up and told, and a backup brings the state back', async () => {
    await using state = new PipelineState(file(), { maxBackups: 100 })
    expect(state).toBeInstanceOf(TxnStore)
    expect(await state.read()).toEqual({})
    await state.write({ phase1: { status: 'pending' } })
    await state.transaction((txn) => {
      txn.data.phase1 = { status: 'success', files: { 'book.pdf': { hash: 'abc123' } }, metrics: { duration: 42 } }
    })
    const [backup] = await state.listBackups()
    const [newest] = await state.getTransactionHistory()
    expect(newest).toMatchObject({ operation: 'transaction_commit', success: true, changed: ['/phase1'] })
    await state.restoreBackup(backup ?? '')
    expect(await state.read()).toEqual({ phase1: { status: 'pending' } })
  })

  test('rolls back when a phase fails', async () => {
    await using state = new PipelineState(file())
    await state.write({ phase4: { status: 'pending' } })
    const failed = state.transaction((txn) => {
      txn.data.phase4 = { status: 'running' }
      throw new Error('no voice')
    })
    await expect(failed).rejects.toThrow('no voice')
    expect(await state.read()).toEqual({ phase4: { status: 'pending' } })
  })

  test.each([{ journal: false }, { journal: true }])(
    'refuses what does not have the form and names every place, journal $journal',
    async ({ journal }) => {
      await using state = new PipelineState(file(), { journal })
      await state.write(harbourNotes())
      const wrong = state.transaction((txn) => {
        Object.assign(txn.data, { phase1: 'not a dict' })
        Object.assign(txn.data.phase2?.files?.['harbour_notes'] ?? {}, { status: 'done', errors: ['a', 1] })
      })
      await expect(wrong).rejects.toMatchObject({
        code: 'ERR_STATE_VALIDATION',
        issues: [
          { path: '/phase1' },
          { path: '/phase2/files/harbour_notes/status' },
          { path: '/phase2/files/harbour_notes/errors/1' },
        ],
      })
      expect(await state.read()).toEqual(harbourNotes())
    },
  )

  test('commits and reads what does not have the form when asked not to check', async () => {
    const wrong = { phase1: { status: 'done' } }
    await using state = new PipelineState(file())
    await state.transaction((txn) => Object.assign(txn.data, wrong), { validate: false })
    expect(await state.read()).toEqual(wrong)
    await expect(state.read({ validate: true })).rejects.toMatchObject({ issues: [{ path: '/phase1/status' }] })
    await using strict = new PipelineState(file(), { validateOnRead: true })
    await expect(strict.read()).rejects.toMatchObject({ code: 'ERR_STATE_VALIDATION' })
    expect(await strict.summary()).toMatchObject({ status: 'unknown' })
  })

  test('refuses to commit to a document of a newer form', async () => {
    writeFileSync(file(), '{"pipeline_version": "5.0.0", "phase1": {"status": "success"}}')
    await using state = new PipelineState(file())
    const committed = state.transaction((txn) => {
      txn.data.phase2 = { status: 'running' }
    })
    await expect(committed).rejects.toMatchObject({ issues: [{ path: '/pipeline_version' }] })
    expect(readFileSync(file(), 'utf8')).toContain('5.0.0')
  })

  test.each([
    { form: 'form 4.0.0', document: harbourNotes() },
    { form: 'the later phases', document: laterPhases() },
    ...oldForms,
  ])('changes of $form only what the transaction changes', async ({ document }) => {
    const text = JSON.stringify({ before: ['ä'], ...document, behind: { x: null } }, null, 2)
    writeFileSync(file(), text)
    await using state = new PipelineState(file())
    await state.transaction((txn) => {
      txn.data['added'] = { by: 'us' }
    })
    const added = `,\n  "added": {\n    "by": "us"\n  }\n}`
    expect(readFileSync(file(), 'utf8')).toBe(text.replace(/\n}$/, added))
  })

  test('keeps unknown parts of what a transaction works on', async () => {
    const text = JSON.stringify(laterPhases(), null, 2)
    writeFileSync(file(), text)
    await using state = new PipelineState(file())
    await state.transaction((txn) => {
      const chunks = txn.data.phase4?.files?.['lantern']?.chunks
      if (!Array.isArray(chunks) || typeof chunks[1] !== 'object') throw new Error('there is no second chunk')
      chunks[1].status = 'success'
      stampPipeline(txn.data)
    })
    const expected = JSON.parse(text.replace(/("chunk_id": 2,\s+"status": )"failed"/, '$1"success"')) as object
    expect(expected).not.toEqual(laterPhases())
    expect(await state.read()).toEqual({
      ...expected,
      pipeline_version: '4.0.0',
      created_at: expect.any(String),
      last_updated: expect.any(String),
      phases: expect.objectContaining({ phase4: 'partial', phase5: 'partial', phaseG: 'success' }),
    })
  })
})

describe('summary()', () => {
  test('tells what the newest commit says', async () => {
    await using state = new PipelineState(file())
    await state.write(harbourNotes())
    expect(await state.summary()).toMatchObject({ status: 'failed', failures: [{ phase: 'phase2' }] })
    expect(await state.summary({ phases: ['phase1'], fileId: 'harbour_notes' })).toMatchObject({ status: 'success' })
  })

  test('of a damaged document is an error, not an empty state', async () => {
    writeFileSync(file(), '{"phase1": {"sta')
    await using state = new PipelineState(file())
    await expect(state.summary()).rejects.toMatchObject({ code: 'ERR_STATE_READ' })
  })

  test('tells who was at work when a process is killed', async () => {
    const child = startChild(new URL('../fixtures/begin-phase.mjs', import.meta.url), { args: [file()] })
    await child.ready()
    child.kill('SIGKILL')
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL' })
    await using state = new PipelineState(file())
    const [phase] = (await state.summary()).phases
    expect(phase).toMatchObject({ phase: 'phase4', status: 'running' })
    expect(phase?.files).toMatchObject([
      { fileId: 'lantern', status: 'running', owner: { pid: child.pid }, attempts: 1 },
    ])
  })
})
