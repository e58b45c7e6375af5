import { buildRunBlob, sameRunBlob, unpackRunBlob, validateRunBlob } from '@holdfast/ucondb'
import { describe, expect, test } from 'vitest'
import { bytes } from './embedded-store.js'

const METADATA = 'config_name: "c" \n\ncomponents: ["crt01"] \n\nsbndaq_commit_or_version: "v1" \n'
const FIRST = 'Start of Record\nRun Number: 7\nPacked on Jan 01 00:00 UTC\n'
const LAST = '\nEnd of Record\nRun Number: 7\nPacked on Jan 01 00:00 UTC\n'

function blobOf(content: string, packedAt = '2026-01-01T00:00:00Z', name = 'metadata.fcl', runNumber = 7): Uint8Array {
  return buildRunBlob({ runNumber, packedAt: new Date(packedAt), files: [{ name, content }] }).bytes
}

describe('unpackRunBlob()', () => {
  test('reads an old blob in Latin-1 as the bytes it holds', () => {
    const blob = Buffer.from(`${FIRST}\n#####\nd\xe9j\xe0.fcl:\n#####\ncaf\xe9\0\xff${LAST}`, 'latin1')
    expect(unpackRunBlob(blob)).toEqual({
      runNumber: 7,
      packedOn: 'Jan 01 00:00 UTC',
      files: [{ name: 'déjà.fcl', content: new Uint8Array(Buffer.from('caf\xe9\0\xff', 'latin1')) }],
    })
  })

  test('reads a file that holds a whole record by its own last lines', () => {
    const inner = `${FIRST}${LAST}`
    expect(unpackRunBlob(blobOf(inner)).files).toEqual([{ name: 'metadata.fcl', content: bytes(inner) }])
  })

  test('reads files in any order and names that occur twice', () => {
    const text = `${FIRST}\n#####\nz.fcl:\n#####\n1\n#####\na.fcl:\n#####\n2\n#####\nz.fcl:\n#####\n3${LAST}`
    const { files } = unpackRunBlob(bytes(text))
    expect(files.map(({ name, content }) => `${name}=${Buffer.from(content)}`)).toEqual([
      'z.fcl=1',
      'a.fcl=2',
      'z.fcl=3',
    ])
  })

  test('reads a blob without the last line feed', () => {
    const blob = blobOf('x: 1\n')
    expect(unpackRunBlob(blob.subarray(0, -1))).toEqual(unpackRunBlob(blob))
  })

  test('reads a blob that is a view of a larger buffer', () => {
    const blob = blobOf('x: 1\n')
    const larger = new Uint8Array(blob.length + 20)
    larger.set(blob, 10)
    expect(unpackRunBlob(larger.subarray(10, 10 + blob.length))).toEqual(unpackRunBlob(blob))
  })

  test.each([
    ['no bytes', '', ["'Start of Record'", "'End of Record'"]],
    ['a cut end', `${FIRST}\n#####\na:\n#####\nx\nEnd of Record\nRun Num`, ["'End of Record'"]],
    ['a cut last line', `${FIRST}${LAST}`.slice(0, -3), ['its last line is cut']],
    ['another run in the end', FIRST + LAST.replace('7', '8'), ['begins as run 7 and ends as run 8']],
    ['text before the first file', `${FIRST}x\n#####\na:\n#####\n${LAST}`, ['belongs to no file']],
    ['carriage returns', `${FIRST}${LAST}`.replaceAll('\n', '\r\n'), ["'Start of Record'", "'End of Record'"]],
  ])('refuses %s', (_, text, problems) => {
    expect(() => unpackRunBlob(bytes(text))).toThrow(
      expect.objectContaining({
        code: 'ERR_RUN_BLOB',
        problems: problems.map((part) => expect.stringContaining(part)),
      }),
    )
  })
})

describe('validateRunBlob()', () => {
  test('accepts the three keys once each', () => {
    expect(validateRunBlob(blobOf(METADATA), { runNumber: 7 })).toEqual({ valid: true, problems: [] })
  })

  test('does not count a key inside another or in a value', () => {
    const content = `${METADATA}other_components: 1 \nnote: "config_name: x" \ncomponents:2 \n`
    expect(validateRunBlob(blobOf(content))).toEqual({ valid: true, problems: [] })
  })

  test('lists every problem', () => {
    const content = 'components: [] \ncomponents: [] \nconfig_name: "c" \n'
    expect(validateRunBlob(blobOf(content), { runNumber: 8 })).toEqual({
      valid: false,
      problems: [
        'it is about run 7, expected run 8',
        "its metadata.fcl gives 'components' 2 times, expected once",
        "its metadata.fcl gives 'sbndaq_commit_or_version' 0 times, expected once",
      ],
    })
  })

  test('reports a blob without metadata.fcl, with two, or that is none', () => {
    const two = `${FIRST}\n#####\nmetadata.fcl:\n#####\n${METADATA}\n#####\nmetadata.fcl:\n#####\n${METADATA}${LAST}`
    expect(validateRunBlob(blobOf(METADATA, undefined, 'boot.fcl')).problems).toEqual(['it has no metadata.fcl'])
    expect(validateRunBlob(bytes(two)).problems).toEqual(['it has 2 files metadata.fcl'])
    expect(validateRunBlob(bytes('junk'))).toMatchObject({ valid: false, problems: { length: 2 } })
  })
})

describe('sameRunBlob()', () => {
  const blob = blobOf(METADATA)

  test.each([
    ['another time of packing', blobOf(METADATA, '2027-12-31T23:59:00Z'), true],
    ['other bytes in a file', blobOf(`${METADATA} `), false],
    ['another run', blobOf(METADATA, undefined, undefined, 70), false],
    ['another file name', blobOf(METADATA, undefined, 'boot.fcl'), false],
    ['a cut end', blob.subarray(0, -30), false],
    ['a missing last line feed', blob.subarray(0, -1), false],
    ['bytes after the end', Buffer.concat([blob, bytes('x')]), false],
  ])('tells %s apart or not', (_, other, expected) => {
    expect(sameRunBlob(blob, other)).toBe(expected)
    expect(sameRunBlob(other, blob)).toBe(expected)
  })

  test('does not pass over a line in a file that looks like the time of packing', () => {
    expect(sameRunBlob(blobOf('x\nPacked on Jan 01 00:00 UTC\n'), blobOf('x\nPacked on Jan 01 00:01 UTC\n'))).toBe(
      false,
    )
  })

  test('compares bodies that are not run blobs byte for byte', () => {
    expect(sameRunBlob(bytes('x'), bytes('x'))).toBe(true)
    expect(sameRunBlob(bytes('x'), bytes('y'))).toBe(false)
  })
})
