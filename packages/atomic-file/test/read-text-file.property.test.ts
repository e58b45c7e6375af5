import { writeFileSync } from 'node:fs'
import { decodeUtf8, InvalidUtf8Error, readTextFile, writeFileAtomic } from '@holdfast/atomic-file'
import { useTempDir } from '@holdfast/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const dir = useTempDir()

/** The reference: the decoder of the platform. */
function accepts(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

function offsetOf(bytes: Uint8Array): number | undefined {
  try {
    decodeUtf8(bytes, 'source')
    return undefined
  } catch (error) {
    if (error instanceof InvalidUtf8Error) return error.offset
    throw error
  }
}

/** Bytes that are mostly text, with leads, continuations and edges of the ranges between. */
const nearText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }).map((text) => [...Buffer.from(text)]),
      fc
        .constantFrom(0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff, 0xa0, 0x9f, 0x90, 0x8f)
        .map((byte) => [byte]),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Uint8Array.from(parts.flat()))

describe('decodeUtf8()', () => {
  test('accepts exactly what TextDecoder accepts, and decodes to the same text', () => {
    fc.assert(
      fc.property(nearText, (bytes) => {
        if (accepts(bytes))
          expect(decodeUtf8(bytes, 'source')).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
        else expect(offsetOf(bytes)).toBeTypeOf('number')
      }),
      { numRuns: 5000 },
    )
  })

  test('names the offset where the longest valid beginning ends', () => {
    fc.assert(
      fc.property(nearText, (bytes) => {
        const longest = Array.from({ length: bytes.length + 1 }, (_, end) => end).findLast((end) =>
          accepts(bytes.subarray(0, end)),
        )
        expect(offsetOf(bytes)).toBe(longest === bytes.length ? undefined : longest)
      }),
      { numRuns: 5000 },
    )
  })

  test.each([65_533, 65_534, 65_535, 65_536, 65_537, 200_000])('names the offset %i in a large file', (offset) => {
    for (const filling of ['a', 'ü', '€', '😀']) {
      const size = Buffer.byteLength(filling)
      const text = 'a'.repeat(offset % size) + filling.repeat(Math.floor(offset / size))
      expect(offsetOf(Buffer.concat([Buffer.from(text), Buffer.from([0xff]), Buffer.from(text)]))).toBe(offset)
      expect(offsetOf(Buffer.concat([Buffer.from(text), Buffer.from('€').subarray(0, 2)]))).toBe(offset)
    }
  })

  test('keeps a byte-order mark and reads a part of a buffer', () => {
    expect(decodeUtf8(Uint8Array.from([0xef, 0xbb, 0xbf, 0x61]), 'x')).toBe('\ufeffa')
    expect(decodeUtf8(Buffer.from('abcdef').subarray(2, 4), 'x')).toBe('cd')
    expect(decodeUtf8(new Uint8Array(), 'x')).toBe('')
  })
})

describe('readTextFile()', () => {
  test('returns what writeFileAtomic() was given', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        await writeFileAtomic(`${dir()}/state`, text)
        expect(await readTextFile(`${dir()}/state`)).toBe(text)
      }),
      { numRuns: 50 },
    )
  })

  test('throws InvalidUtf8Error with path and offset', async () => {
    const path = `${dir()}/latin1`
    writeFileSync(path, Buffer.from('grüße', 'latin1'))
    await expect(readTextFile(path)).rejects.toMatchObject({
      name: 'InvalidUtf8Error',
      code: 'ERR_INVALID_UTF8',
      path,
      offset: 2,
      message: `Cannot read '${path}' as text: the byte at offset 2 is not valid UTF-8`,
    })
  })

  test("throws the system's error for a file that is missing", async () => {
    await expect(readTextFile(`${dir()}/missing`)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
