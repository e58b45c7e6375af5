import { startChild, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'

const dir = useTempDir()

test.skipIf(process.platform !== 'linux')('openAppendFile() closes what was forgotten, without a warning', async () => {
  const script = new URL('./fixtures/forget.mjs', import.meta.url)
  const child = startChild(script, { args: [`${dir()}/journal`], execArgv: ['--expose-gc'] })
  expect(await child.ready()).toMatchObject({ open: 20, left: 0 })
  await child.exited
  expect(child.stderr()).toBe('')
})
