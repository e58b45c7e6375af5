import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { TxnStore } from '@holdfast/txn-store'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const dir = useTempDir()

test('write() takes no number that read() would refuse or change', async () => {
  const path = join(dir(), 'state.json')
  const whole = fc.double({ min: -1e22, max: 1e22, noNaN: true }).map(Math.round)
  const number = fc.oneof(whole, fc.double({ noNaN: true, noDefaultInfinity: true })).map((value) => value + 0)
  await fc.assert(
    fc.asyncProperty(fc.array(number, { minLength: 50, maxLength: 100 }), async (numbers) => {
      await using writer = new TxnStore(path, { maxBackups: 0 })
      await writer.write({ numbers })
      await using reader = new TxnStore(path)
      expect(await reader.read()).toEqual({ numbers })
    }),
    { numRuns: 20, examples: [[[51_693_040_847_236_490, 2 ** 53, 1e21, 5e-324]]] },
  )
})
