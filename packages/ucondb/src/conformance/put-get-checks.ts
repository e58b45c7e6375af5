import assert from 'node:assert/strict'
import { adler32 } from '../adler32.js'
import { assertRejectsWithCode, assertSameBytes, noise, text } from './bodies.js'
import type { StoreCheck } from './suite.js'

const MEBIBYTE = 1024 * 1024

export const putGetChecks: readonly StoreCheck[] = [
  {
    name: 'put() stores a body that get() returns, also through another handle',
    async run(store) {
      await using archive = await store.open()
      const body = text('Start of Record\n')
      assert.deepEqual(await archive.put('18255', body), {
        outcome: 'stored',
        size: body.length,
        adler32: adler32(body),
      })
      assertSameBytes(await archive.get('18255'), body)
      await using other = await store.open()
      assertSameBytes(await other.get('18255'), body)
    },
  },
  {
    name: 'put() keeps every byte as it is',
    async run(store) {
      await using archive = await store.open()
      const bodies = {
        all_values: Uint8Array.from({ length: 256 }, (_, value) => value),
        line_ends: text('\r\n\n\r\n'),
        nul: Uint8Array.of(0),
        not_utf8: Uint8Array.of(0xe9, 0xff, 0xc3, 0x28),
        gzip_magic: Uint8Array.of(0x1f, 0x8b, 8, 0),
      }
      for (const [key, body] of Object.entries(bodies)) await archive.put(key, body)
      for (const [key, body] of Object.entries(bodies)) assertSameBytes(await archive.get(key), body)
    },
  },
  {
    name: 'put() stores 5 MiB whole',
    async run(store) {
      await using archive = await store.open()
      const body = noise(5 * MEBIBYTE)
      assert.equal((await archive.put('1', body)).outcome, 'stored')
      assertSameBytes(await archive.get('1'), body)
    },
  },
  {
    name: 'put() stores a view of a larger buffer as the bytes of the view',
    async run(store) {
      await using archive = await store.open()
      await archive.put('1', noise(100).subarray(10, 20))
      assertSameBytes(await archive.get('1'), noise(100).slice(10, 20))
    },
  },
  {
    name: 'put() takes the bytes at the call, whatever happens to the array afterwards',
    async run(store) {
      await using archive = await store.open()
      // A Buffer as well, whose slice() is not a copy.
      const bodies = { array: noise(100_000), buffer: Buffer.from(noise(100_000)) }
      for (const [key, body] of Object.entries(bodies)) {
        const putting = archive.put(key, body)
        body.fill(0)
        await putting
        assertSameBytes(await archive.get(key), noise(100_000))
      }
    },
  },
  {
    name: 'put() of the same bytes again is already-stored',
    async run(store) {
      await using archive = await store.open()
      const first = await archive.put('7', text('same'))
      const again = await archive.put('7', text('same'), { equivalent: () => assert.fail('Asked about equal bytes') })
      assert.deepEqual(again, { ...first, outcome: 'already-stored' })
    },
  },
  {
    name: 'put() of other bytes is a conflict that tells both sizes and checksums and changes nothing',
    async run(store) {
      await using archive = await store.open()
      await archive.put('7', text('first'))
      await assert.rejects(archive.put('7', text('other one')), {
        code: 'ERR_ARCHIVE_CONFLICT',
        key: '7',
        stored: { size: 5, adler32: adler32(text('first')) },
        offered: { size: 9, adler32: adler32(text('other one')) },
      })
      assertSameBytes(await archive.get('7'), text('first'))
    },
  },
  {
    name: 'put() of an equivalent body is already-stored, keeps the stored one and reports its size and checksum',
    async run(store) {
      await using archive = await store.open()
      const first = await archive.put('7', text('record packed at 10:00'))
      const asked: string[] = []
      const again = await archive.put('7', text('record packed at noon, later'), {
        equivalent: (stored, offered) => asked.push(`${Buffer.from(stored)} | ${Buffer.from(offered)}`) > 0,
      })
      assert.deepEqual(asked, ['record packed at 10:00 | record packed at noon, later'])
      assert.deepEqual(again, { ...first, outcome: 'already-stored' })
      assertSameBytes(await archive.get('7'), text('record packed at 10:00'))
    },
  },
  {
    name: 'put() of a body that is found not equivalent is a conflict',
    async run(store) {
      await using archive = await store.open()
      await archive.put('7', text('first'))
      await assertRejectsWithCode(archive.put('7', text('other'), { equivalent: () => false }), 'ERR_ARCHIVE_CONFLICT')
    },
  },
  {
    name: 'put() refuses an empty body and leaves the key free',
    async run(store) {
      await using archive = await store.open()
      await assert.rejects(archive.put('7', new Uint8Array()), TypeError)
      assert.equal(await archive.stat('7'), undefined)
      assert.equal((await archive.put('7', text('real'))).outcome, 'stored')
    },
  },
  {
    name: 'every method refuses keys that could leave the archive or be hidden in it',
    async run(store) {
      await using archive = await store.open()
      for (const key of [
        '',
        '.',
        '..',
        '.hidden',
        '../1',
        'a/b',
        'a\\b',
        'a\0',
        'a b',
        'é',
        '1.json',
        'x'.repeat(201),
      ]) {
        await assert.rejects(archive.put(key, text('x')), TypeError, `put accepted ${JSON.stringify(key)}`)
        await assert.rejects(archive.get(key), TypeError, `get accepted ${JSON.stringify(key)}`)
        await assert.rejects(archive.stat(key), TypeError, `stat accepted ${JSON.stringify(key)}`)
      }
      assert.deepEqual(await archive.listKeys(), [])
    },
  },
  {
    name: 'get() of an unknown key is not found, before and after the first put',
    async run(store) {
      await using archive = await store.open()
      await assertRejectsWithCode(archive.get('404'), 'ERR_ARCHIVE_NOT_FOUND')
      await archive.put('1', text('x'))
      await assertRejectsWithCode(archive.get('404'), 'ERR_ARCHIVE_NOT_FOUND')
    },
  },
]
