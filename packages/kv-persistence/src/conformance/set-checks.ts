import assert from 'node:assert/strict'
import { collect } from './assertions.js'
import type { StoreCheck } from './suite.js'

export const setChecks: readonly StoreCheck[] = [
  {
    name: 'a set adds, has, lists in order and removes, and counts what changed',
    async run(test) {
      await using store = await test.open()
      const set = store.set('done')
      assert.equal(await set.add(['b', 'a', 'b']), 2)
      assert.equal(await set.add('b'), 0)
      assert.equal(await set.add(['c', 'a']), 1)
      assert.equal(await set.has('a'), true)
      assert.equal(await set.has('z'), false)
      assert.deepEqual(await collect(set.members()), ['a', 'b', 'c'])
      assert.equal(await set.remove(['a', 'z']), 1)
      assert.deepEqual(await collect(set.members()), ['b', 'c'])
      assert.equal(await set.add([]), 0)
    },
  },
  {
    name: 'members are any text, and two sets never mix',
    async run(test) {
      await using store = await test.open()
      const members = ['https://a.example/x?y=*&z=1:2', '', ':', '%3A', '😀', 'a b']
      await store.set('s').add(members)
      await store.set('s2').add('other')
      await store.put('s', 'the key itself')
      assert.deepEqual((await collect(store.set('s').members())).toSorted(), members.toSorted())
      for (const member of members) assert.equal(await store.set('s').has(member), true, member)
    },
  },
  {
    name: 'a member expires by itself, and adding it again does not renew it',
    async run(test) {
      await using store = await test.open()
      const set = store.set('s')
      await set.add('short', { ttlMs: test.shortTtlMs })
      await set.add('long')
      await set.add('short')
      await test.elapse(test.shortTtlMs + 20)
      assert.deepEqual(await collect(set.members()), ['long'])
    },
  },
  {
    name: 'of many who add one member at a time exactly one is told it was new',
    async run(test) {
      await using store = await test.open()
      const added = await Promise.all(Array.from({ length: 30 }, () => store.set('s').add('x')))
      assert.equal(
        added.reduce((sum, count) => sum + count, 0),
        1,
      )
    },
  },
]
