import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CompressionAlgorithm,
  compress,
  compressionOfBytes,
  compressionOfName,
  compressionSuffix,
  decompress,
} from '../src/compression.js'

const algorithms: readonly CompressionAlgorithm[] = ['zstd', 'gzip']
const text = Buffer.from(JSON.stringify(Array.from({ length: 2000 }, (_, id) => ({ id, state: 'done' }))))

describe.each(algorithms)('compress() and decompress() with %s', (algorithm) => {
  test.each([
    { title: 'nothing', bytes: new Uint8Array() },
    { title: 'one byte', bytes: Uint8Array.of(0) },
    { title: 'a text', bytes: text },
    { title: 'noise', bytes: randomBytes(300_000) },
    { title: 'much', bytes: Buffer.alloc(20_000_000, 'state') },
  ])('give back $title', async ({ bytes }) => {
    const packed = await compress(algorithm, bytes)
    expect(Buffer.compare(await decompress(packed), bytes)).toBe(0)
    expect(compressionOfBytes(packed)).toBe(algorithm)
  })

  test('give back any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect([...(await decompress(await compress(algorithm, bytes)))]).toStrictEqual([...bytes])
      }),
    )
  })

  test('make it smaller, and the same each time', async () => {
    const packed = await compress(algorithm, text)
    expect(packed.length).toBeLessThan(text.length / 5)
    expect(await compress(algorithm, text)).toStrictEqual(packed)
  })

  test('refuse every beginning', async () => {
    const packed = await compress(algorithm, Buffer.from('{"phase1":{"status":"done"}}'))
    for (let length = 0; length < packed.length; length += 1) {
      await expect(
        decompress(packed.subarray(0, length), { source: 'a.bak' }),
        `${length} bytes`,
      ).rejects.toMatchObject({
        name: 'CompressedDataError',
        code: 'ERR_COMPRESSED_DATA',
        source: 'a.bak',
      })
    }
  })

  test('give the right bytes or none when one was changed', async () => {
    const bytes = Buffer.from('{"phase1":{"status":"done"}}')
    const packed = await compress(algorithm, bytes)
    let refused = 0
    for (const at of packed.keys()) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = Buffer.from(packed)
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        const result = await decompress(changed).catch((error: unknown) => error)
        if (result instanceof Uint8Array) {
          expect(Buffer.compare(result, bytes)).toBe(0)
        } else {
          refused += 1
          expect(result).toMatchObject({ code: 'ERR_COMPRESSED_DATA' })
        }
      }
    }
    // Some bits of gzip's header say nothing about the content.
    expect(refused).toBeGreaterThan(packed.length * 5)
  })

  test('read several parts, and refuse anything else behind the end', async () => {
    const packed = await compress(algorithm, text)
    const twice = await decompress(Buffer.concat([packed, packed]))
    expect(Buffer.compare(twice, Buffer.concat([text, text]))).toBe(0)
    for (const tail of [Buffer.from('x'), Buffer.alloc(3), packed.subarray(0, 9)]) {
      await expect(decompress(Buffer.concat([packed, tail]))).rejects.toMatchObject({ code: 'ERR_COMPRESSED_DATA' })
    }
  })

  test('unpack exactly as much as the limit and no byte more', async () => {
    const packed = await compress(algorithm, text)
    expect(await decompress(packed, { maxBytes: text.length })).toHaveLength(text.length)
    for (const maxBytes of [text.length - 1, 1, 0]) {
      const error = await decompress(packed, { maxBytes, source: 'a.bak' }).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'ERR_COMPRESSED_DATA', hint: expect.any(String) })
      expect((error as Error).message).toBe(`Cannot unpack 'a.bak': it unpacks to more than ${maxBytes} bytes`)
    }
    const twice = Buffer.concat([packed, packed])
    await expect(decompress(twice, { maxBytes: 2 * text.length - 1 })).rejects.toMatchObject({
      code: 'ERR_COMPRESSED_DATA',
    })
    expect(await decompress(await compress(algorithm, new Uint8Array()), { maxBytes: 0 })).toHaveLength(0)
  })

  test('stop a bomb before it fills the memory', async () => {
    const part = await compress(algorithm, Buffer.alloc(20_000_000))
    const bomb = Buffer.concat(Array.from({ length: 50 }, () => part))
    const before = process.memoryUsage.rss()
    await expect(decompress(bomb, { maxBytes: 30_000_000 })).rejects.toMatchObject({ code: 'ERR_COMPRESSED_DATA' })
    expect(process.memoryUsage.rss() - before).toBeLessThan(300_000_000)
  })
})

describe('decompress()', () => {
  test.each([
    { title: 'nothing', bytes: new Uint8Array() },
    { title: 'JSON', bytes: Buffer.from('{"a":1}') },
    { title: 'half of the first bytes', bytes: Uint8Array.of(0x28, 0xb5) },
  ])('refuses $title', async ({ bytes }) => {
    await expect(decompress(bytes)).rejects.toMatchObject({ code: 'ERR_COMPRESSED_DATA' })
  })

  test('reads what gzip makes, and the other way round', async () => {
    expect(Buffer.compare(await decompress(gzipSync(text)), text)).toBe(0)
    expect(Buffer.compare(await decompress(execFileSync('gzip', ['-c'], { input: text })), text)).toBe(0)
    expect(Buffer.compare(gunzipSync(await compress('gzip', text)), text)).toBe(0)
  })
})

describe('compressionOfName() and compressionSuffix()', () => {
  test.each<{ readonly name: string; readonly algorithm: CompressionAlgorithm | undefined }>([
    { name: 'pipeline_20260102_030405_000006.json.bak.zst', algorithm: 'zstd' },
    { name: 'pipeline_20260102_030405_000006.json.bak.gz', algorithm: 'gzip' },
    { name: 'pipeline_20260102_030405_000006.json.bak', algorithm: undefined },
    { name: 'a.zst.bak', algorithm: undefined },
    { name: 'gz', algorithm: undefined },
  ])('see $algorithm in $name', ({ name, algorithm }) => {
    expect(compressionOfName(name)).toBe(algorithm)
  })

  test.each(algorithms)('agree on %s', (algorithm) => {
    expect(compressionOfName(`a.bak${compressionSuffix(algorithm)}`)).toBe(algorithm)
  })
})
