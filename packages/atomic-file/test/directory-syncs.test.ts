import { DirectorySyncs } from '@holdfast/atomic-file'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { recordingFs } from './recording-fs.js'

const dir = useTempDir()

test('sync() shares the next sync among those who ask while one goes on, and none of them joins the one under way', async () => {
  const { fs, log } = recordingFs()
  const syncs = new DirectorySyncs()
  const asked = Array.from({ length: 5 }, () => syncs.sync(dir(), { fs }))
  await Promise.all(asked)
  expect(log.filter((entry) => entry.startsWith('begin sync'))).toHaveLength(2)
  await syncs.sync(dir(), { fs })
  expect(log.filter((entry) => entry.startsWith('begin sync'))).toHaveLength(3)
})

test('sync() that fails tells those who waited for it, and nobody after them', async () => {
  let failures = 0
  const { fs } = recordingFs({
    fail: (name) =>
      name.startsWith('sync') && failures++ === 0 ? Object.assign(new Error('EIO'), { code: 'EIO' }) : undefined,
  })
  const syncs = new DirectorySyncs()
  const results = await Promise.allSettled([syncs.sync(dir(), { fs }), syncs.sync(dir(), { fs })])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
})
