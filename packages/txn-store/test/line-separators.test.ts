import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { TxnStore } from '@holdfast/txn-store'
import { expect, test } from 'vitest'

const dir = useTempDir()

test.each([{ journal: false }, { journal: true }])(
  'verifyHistory() takes line separators inside of texts for what they are, journal $journal',
  async ({ journal }) => {
    const data = { text: 'one\u2028two\u2029three\rfour\nfive\u0085six' }
    await using store = new TxnStore(join(dir(), 'state.json'), { journal })
    await store.write(data)
    expect(await store.verifyHistory()).toEqual({ records: 1, foreign: 0, problems: [] })
    expect(await store.read()).toEqual(data)
    await store.checkpoint()
    expect((await store.verifyHistory()).problems).toEqual([])
  },
)
