import { buildRunBlob, unpackRunBlob } from '@holdfast/ucondb'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const PACKED_AT = new Date('2026-03-08T05:07:59.999Z')

function build(files: Parameters<typeof buildRunBlob>[0]['files']): { text: string; warnings: readonly object[] } {
  const { bytes, warnings } = buildRunBlob({ runNumber: 18255, packedAt: PACKED_AT, files })
  return { text: Buffer.from(bytes).toString('latin1'), warnings }
}

function namesOf(files: Parameters<typeof buildRunBlob>[0]['files']): string[] {
  return unpackRunBlob(buildRunBlob({ runNumber: 1, packedAt: PACKED_AT, files }).bytes).files.map((file) => file.name)
}

describe('buildRunBlob()', () => {
  test('frames the files with the first and last block and their markers', () => {
    const { text, warnings } = build([
      { name: 'boot.fcl', content: 'debug_level: 1 \n\n' },
      { name: 'export/crt01.fcl', content: Buffer.from('a: 1') },
      { name: 'empty.fcl', content: '' },
    ])
    expect(text).toBe(
      [
        'Start of Record\nRun Number: 18255\nPacked on Mar 08 05:07 UTC\n',
        '\n#####\ncrt01.fcl:\n#####\na: 1',
        '\n#####\nempty.fcl:\n#####\n',
        '\n#####\nboot.fcl:\n#####\ndebug_level: 1 \n\n',
        '\nEnd of Record\nRun Number: 18255\nPacked on Mar 08 05:07 UTC\n',
      ].join(''),
    )
    expect(warnings).toEqual([])
  })

  test('puts components first by lower-cased name, then the known files in their own order', () => {
    const names = [
      'RunHistory2.fcl',
      'RunHistory.fcl',
      'ranks.fcl',
      'settings.fcl',
      'metadata.fcl',
      'environment.fcl',
      'setup.fcl',
      'known_boardreaders_list.fcl',
      'boot.fcl',
      'schema.fcl',
      'EventBuilder1.fcl',
      'crt01.fcl',
      'hashes.fcl',
      'Boot_extra.fcl',
    ]
    expect(namesOf(names.map((name) => ({ name, content: name })))).toEqual([
      'Boot_extra.fcl',
      'crt01.fcl',
      'EventBuilder1.fcl',
      'hashes.fcl',
      'schema.fcl',
      'boot.fcl',
      'known_boardreaders_list.fcl',
      'setup.fcl',
      'environment.fcl',
      'metadata.fcl',
      'settings.fcl',
      'ranks.fcl',
      'RunHistory.fcl',
      'RunHistory2.fcl',
    ])
  })

  test('gives the same bytes whatever the order of the files', () => {
    const files = ['B', 'a', 'b', 'A', 'Metadata.fcl', 'metadata.fcl', 'ß', '𝒳', 'ﬀ'].map((name) => ({
      name,
      content: name,
    }))
    const expected = build(files).text
    fc.assert(
      fc.property(fc.shuffledSubarray(files, { minLength: files.length }), (shuffled) => {
        expect(build(shuffled).text).toBe(expected)
      }),
    )
  })

  test('packs a file that was found twice once, and names that differ in case both', () => {
    const files = [
      { name: 'x/crt.fcl', content: 'same' },
      { name: 'y/crt.fcl', content: 'same' },
      { name: 'CRT.fcl', content: 'same' },
    ]
    expect(namesOf(files)).toEqual(['CRT.fcl', 'crt.fcl'])
  })

  test('refuses two different files of one name, and tells all that is wrong', () => {
    const files = [
      { name: 'x/crt.fcl', content: '1' },
      { name: 'y/crt.fcl', content: '2' },
      { name: 'a\nb', content: '' },
    ]
    expect(() => build(files)).toThrow(
      expect.objectContaining({
        code: 'ERR_RUN_BLOB',
        problems: [expect.stringContaining("two different files 'crt.fcl'"), expect.stringContaining('"a\\nb"')],
      }),
    )
  })

  test('refuses a run without files', () => {
    expect(() => build([])).toThrow(expect.objectContaining({ code: 'ERR_RUN_BLOB', problems: ['there are no files'] }))
  })

  test.each([-1, 1.5, Number.NaN, 1e15])('refuses the run number %d', (runNumber) => {
    const files = [{ name: 'a', content: '' }]
    expect(() => buildRunBlob({ runNumber, packedAt: PACKED_AT, files })).toThrow(RangeError)
  })

  test('refuses an invalid date and half a character', () => {
    const files = [{ name: 'a', content: '' }]
    expect(() => buildRunBlob({ runNumber: 1, packedAt: new Date(Number.NaN), files })).toThrow(RangeError)
    expect(() => build([{ name: 'a', content: '\ud800' }])).toThrow(TypeError)
  })

  test('keeps UTF-8 and drops the high bytes of a file that is not, with a warning', () => {
    const { text, warnings } = build([
      { name: 'a.fcl', content: 'µ' },
      { name: 'b.fcl', content: Buffer.from([0x61, 0xc2, 0xb5, 0xe9, 0x62]) },
    ])
    expect(text).toContain('\na.fcl:\n#####\n\xc2\xb5\n')
    expect(text).toContain('\nb.fcl:\n#####\nab\n')
    expect(warnings).toEqual([
      {
        file: 'b.fcl',
        kind: 'bytes-dropped',
        message: "'b.fcl' is not UTF-8; 3 of its bytes were left out of the archived copy",
      },
    ])
  })

  test('keeps a text that looks like a marker byte for byte and warns of it', () => {
    const trap = 'x\n#####\nother.fcl:\n#####\ny'
    const { text, warnings } = build([
      { name: 'a.fcl', content: 'fine' },
      { name: 'b.fcl', content: trap },
    ])
    expect(text).toContain(trap)
    expect(warnings).toEqual([expect.objectContaining({ file: 'b.fcl', kind: 'looks-like-marker' })])
  })

  test('is undone by unpackRunBlob() whenever it does not warn', () => {
    const line = fc.constantFrom(
      '#####',
      'a.fcl:',
      ':',
      '',
      'End of Record',
      'Start of Record',
      'Packed on x',
      'x: 1',
      'µ',
    )
    const content = fc.array(line, { maxLength: 8 }).map((lines) => lines.join('\n'))
    const file = fc.record({ name: fc.constantFrom('a.fcl', 'B.fcl', 'boot.fcl', 'c:', '#####'), content })
    fc.assert(
      fc.property(fc.uniqueArray(file, { minLength: 1, selector: ({ name }) => name }), (files) => {
        const { bytes, warnings } = buildRunBlob({ runNumber: 7, packedAt: PACKED_AT, files })
        const read = unpackRunBlob(bytes).files.map(({ name, content }) => [name, Buffer.from(content).toString()])
        const same =
          JSON.stringify([...read].sort()) === JSON.stringify(files.map(({ name, content }) => [name, content]).sort())
        expect(warnings.length === 0).toBe(same)
      }),
      { numRuns: 1000 },
    )
  })
})
