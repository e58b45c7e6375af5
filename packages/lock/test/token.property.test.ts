import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { FileLock } from '../src/index.js'
import { type Agent, startAgent } from './agent.js'

type Step =
  | { readonly kind: 'release' | 'kill' | 'delete' | 'share' }
  | { readonly kind: 'overwrite'; readonly text: string }

/** What may happen between two exclusive holders, and what the next one must then be told. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'release' } as const) },
  { weight: 3, arbitrary: fc.constant({ kind: 'kill' } as const) },
  fc.constant({ kind: 'delete' } as const),
  fc.constant({ kind: 'share' } as const),
  fc.record({ kind: fc.constant('overwrite' as const), text: fc.constantFrom('', '77', '77\n{"token":', '\0\0') }),
)

const dir = useTempDir()

test('every exclusive holder has a larger token, and previous is the one that died, after any history', async () => {
  let files = 0
  let agent: Agent | undefined
  const property = fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), async (steps) => {
    files += 1
    const path = join(dir(), `${files}.lock`)
    let last = 0
    // The model: who is expected to be reported to the next holder.
    let abandonedBy: number | undefined
    for (const current of steps) {
      if (current.kind === 'delete') {
        rmSync(path, { force: true })
        abandonedBy = undefined
      } else if (current.kind === 'overwrite') {
        writeFileSync(path, current.text)
        abandonedBy = undefined
      } else if (current.kind === 'share') {
        await using lock = await FileLock.acquire(path, { shared: true })
        expect(lock.previous?.pid).toBe(abandonedBy)
      } else {
        agent ??= await startAgent()
        const { token, previous } = await agent.acquire(path)
        expect(token).toBeGreaterThan(last)
        expect(previous?.pid).toBe(abandonedBy)
        last = token
        if (current.kind === 'release') {
          await agent.release(path)
          abandonedBy = undefined
        } else {
          abandonedBy = agent.child.pid
          agent.child.kill()
          await agent.child.exited
          agent = undefined
        }
      }
    }
  })
  await fc.assert(property, { numRuns: 25 })
})
