import { readdirSync, writeFileSync } from 'node:fs'
import { PipelineState } from '@holdfast/txn-store/pipeline'
import { expect, test } from 'vitest'
import type { PipelineDefinition } from '../../src/index.js'
import { useSite } from '../support/site.js'

const site = useSite()

const whole: PipelineDefinition['phases'][number] = {
  id: 'phase1',
  command: ['cp', '${input}', '${outputs.copy}'],
  outputs: { copy: 'copy.txt' },
}
const ofItems: PipelineDefinition['phases'][number] = {
  id: 'phase1',
  items: 'in/*.txt',
  command: ['cp', '${item.path}', '${outputs.copy}'],
  outputs: { copy: 'out/${item.id}.txt' },
}

test.each([
  ['a phase', whole],
  ['items', ofItems],
])(
  'runPipeline() of %s: a document damaged in place is restored to what the first run left, and nothing is redone',
  async (_, phase) => {
    site.write('book.txt', 'text')
    for (const name of ['one', 'two']) site.write(`in/${name}.txt`, name)
    const pipeline = site.define([phase])
    expect((await site.run(pipeline)).status).toBe('success')
    const before = site.state()
    // Through the same inode, as an editor does it.
    writeFileSync(site.path('pipeline.json'), site.read('pipeline.json').slice(0, 100))
    await expect(site.run(pipeline)).rejects.toMatchObject({
      code: 'ERR_STATE_READ',
      hint: expect.stringContaining('restore'),
    })
    await using state = new PipelineState(site.path('pipeline.json'))
    const [newest = ''] = await state.listBackups()
    await state.restoreBackup(newest)
    expect(site.state()).toEqual(before)
    expect((await site.run(pipeline)).statuses).toEqual({ phase1: 'unchanged' })
  },
)

test('runPipeline() keeps nothing when nothing was done', async () => {
  site.write('book.txt', 'text')
  const pipeline = site.define([whole])
  const backups = (): number => readdirSync(site.path('.pipeline/backups')).length
  await site.run(pipeline)
  const count = backups()
  await site.run(pipeline)
  expect(backups()).toBe(count)
})
