import assert from 'node:assert/strict'
import type { JsonObject } from '../json.js'
import type { Committed } from '../storage.js'
import { committed } from './assertions.js'
import { change, commitOf, inTurn } from './commits.js'
import type { StorageCheck } from './suite.js'

export const backupChecks: readonly StorageCheck[] = [
  {
    name: 'every state that a commit replaced is kept, and its record names the backup',
    needs: 'commitBackups',
    async run(context) {
      const storage = await context.open()
      const first = await change(storage, () => ({ n: 1 }))
      assert.equal(first.backup, undefined, 'The first commit replaced nothing')
      for (let n = 2; n <= 4; n += 1) {
        const backup = backupOf(await change(storage, () => ({ n })))
        assert.deepEqual(await context.readBackup(backup), { n: n - 1 })
        const record = committed(await storage.history(100)).at(-1)
        assert.ok(record?.backup !== undefined && backup.endsWith(record.backup), `The record names '${backup}'`)
      }
      const group = await inTurn(storage, async (session) => {
        const { data } = await session.read()
        return session.commit(commitOf(data, [{ step: 1 }, { step: 2 }]))
      })
      assert.deepEqual(await context.readBackup(backupOf(group)), { n: 4 }, 'The state before all entries')
    },
  },
  {
    name: 'a backup stays what it was, through later commits and reopening',
    needs: 'commitBackups',
    async run(context) {
      const storage = await context.open()
      const stateAt = (n: number): JsonObject => ({ n, text: 'x'.repeat(n) })
      await change(storage, () => stateAt(0))
      const backups: string[] = []
      for (let n = 1; n <= 6; n += 1) backups.push(backupOf(await change(storage, () => stateAt(n))))
      assert.equal(new Set(backups).size, backups.length, 'Every backup has a name of its own')
      await storage.close()
      await change(await context.open(), () => ({ n: 'last' }))
      for (const [n, backup] of backups.entries())
        assert.deepEqual(await context.readBackup(backup), stateAt(n), backup)
    },
  },
  {
    name: 'a restore is told as one, and keeps what it replaced, so that it can be undone',
    needs: 'readBackup',
    async run(context) {
      const storage = await context.open()
      const [old, newer] = [{ state: 'old' }, { state: 'new', list: [1] }]
      await change(storage, () => old)
      await change(storage, () => newer)
      const restore = { kind: 'restore', operation: 'restore' } as const
      const replaced = backupOf(await change(storage, () => old, { ...restore, details: { of: 'old' } }))
      assert.deepEqual((await (await context.open()).read()).data, old)

      const undone = await context.readBackup(replaced)
      assert.deepEqual(undone, newer, 'The state that the restore replaced')
      await change(storage, () => undone, { ...restore, details: { of: 'new' } })
      const reader = await context.open()
      assert.deepEqual((await reader.read()).data, newer)
      assert.deepEqual(
        committed(await reader.history(10)).map(({ kind, operation, details }) => [kind, operation, details['of']]),
        [
          ['commit', 'check_commit', undefined],
          ['commit', 'check_commit', undefined],
          ['restore', 'restore_commit', 'old'],
          ['restore', 'restore_commit', 'new'],
        ],
      )
    },
  },
]

function backupOf({ backup }: Committed): string {
  assert.ok(backup !== undefined, 'commit() has to say where the state before is kept')
  return backup
}
