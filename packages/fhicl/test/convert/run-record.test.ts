import {
  conversionTargets,
  convertRunRecord,
  generateNames,
  parseGenerateNames,
  RunRecordError,
  readRunRecordFile,
  writeFhicl,
} from '@holdfast/fhicl'
import { describe, expect, test } from 'vitest'

const metadata = 'Config name: calib/7\nComponent #0: crate1\n\nDAQInterface start time: Mon Jan  5 10:00:00 UTC 2026\n'

function record(): Map<string, string | Uint8Array> {
  return new Map<string, string | Uint8Array>([
    ['metadata.txt', metadata],
    ['boot.txt', Buffer.from('debug level: 2\r\nhost: a\r')],
    ['settings.txt', 'x: 1\n'],
    ['notes.txt', 'not stored'],
    ['crate1.fcl', Buffer.from('gain: 4\n')],
    ['boot.fcl', 'old: true\n'],
    ['sub/extra.fcl', 'e: 1\n'],
    ['sub/setup.txt', 'echo'],
  ])
}

describe('convertRunRecord()', () => {
  test('returns the files to store', () => {
    const { insert, update, convertedFrom, configurationName } = convertRunRecord({ files: record(), runNumber: 31 })
    expect(Object.fromEntries(insert)).toEqual({
      'crate1.fcl': Buffer.from('gain: 4\n'),
      'boot.fcl': 'debug_level: 2\nhost: "a"\n\nartdaq_process_settings: [\n]\n',
      'sub/extra.fcl': 'e: 1\n',
      'metadata.fcl':
        'config_name: "calib/7"\ncomponents: ["crate1"]\ndaqinterface_start_time: "Mon Jan  5 10:00:00 UTC 2026"\n',
      'settings.fcl': 'x: 1\n',
      'RunHistory.fcl': 'run_number: 31\n\nconfig_name: "calib/7"\n\ncomponents: ["crate1"]\n\n',
    })
    expect(Object.fromEntries(update ?? [])).toEqual({
      'RunHistory2.fcl': 'DAQInterface_start_time: "Mon Jan  5 10:00:00 UTC 2026"',
    })
    expect(convertedFrom.get('RunHistory2.fcl')).toBe('metadata.txt')
    expect(convertedFrom.get('boot.fcl')).toBe('boot.txt')
    expect(convertedFrom.has('crate1.fcl')).toBe(false)
    expect(configurationName).toBe('calib_7')
  })

  test('leaves its input alone', () => {
    const files = record()
    convertRunRecord({ files })
    expect(files).toEqual(record())
  })

  test('generates only what it is told to', () => {
    const { insert, update } = convertRunRecord({ files: record(), generate: ['settings.txt', 'RunHistory'] })
    expect([...insert.keys()].sort()).toEqual([
      'RunHistory.fcl',
      'boot.fcl',
      'crate1.fcl',
      'settings.fcl',
      'sub/extra.fcl',
    ])
    expect(insert.get('boot.fcl')).toBe('old: true\n')
    expect(update).toBeUndefined()
  })

  test('has no update without start and stop time', () => {
    expect(convertRunRecord({ files: new Map([['metadata.txt', 'Config name: a\n']]) }).update).toBeUndefined()
    expect(convertRunRecord({ files: new Map() })).toMatchObject({ update: undefined, configurationName: 'standard' })
  })

  test('names the place of bytes that are not UTF-8', () => {
    const files = new Map([['settings.txt', Uint8Array.of(0x61, 0x0d, 0x0a, 0x62, 0xff)]])
    expect(() => convertRunRecord({ files })).toThrow(
      expect.objectContaining({ code: 'ERR_RUN_RECORD', file: 'settings.txt', line: 2, column: 2 }),
    )
  })

  test('refuses a name it cannot generate', () => {
    expect(() => convertRunRecord({ files: new Map(), generate: ['bott'] })).toThrow(RangeError)
    expect([...parseGenerateNames(['boot', 'RunHistory2.fcl'])]).toEqual(['boot', 'RunHistory2'])
    expect([...parseGenerateNames('all')]).toEqual([...generateNames])
  })
})

describe('conversionTargets()', () => {
  test('says beforehand which files there will be', () => {
    const { insert, update } = convertRunRecord({ files: record() })
    expect(conversionTargets(record().keys())).toEqual({
      insert: [...insert.keys()].sort(),
      update: [...(update ?? new Map()).keys()],
    })
    expect(conversionTargets(['metadata.txt', 'a.fcl'], ['boot'])).toEqual({ insert: ['a.fcl'], update: [] })
    expect(conversionTargets([])).toEqual({ insert: [], update: [] })
  })
})

describe('readRunRecordFile()', () => {
  function failure(name: string, content: string, convertedFrom?: string): RunRecordError {
    try {
      readRunRecordFile(name, content, convertedFrom)
    } catch (error) {
      if (error instanceof RunRecordError) return error
      throw error
    }
    throw new Error(`accepted: ${content}`)
  }

  test('reads what can be stored', () => {
    expect(writeFhicl(readRunRecordFile('a.fcl', 'a: 1'))).toBe('\na: 1 \n')
  })

  test.each([
    ['settings.txt', 'ok: 1\npackages: [ core-a, "two words" ]\n', 2, /two words/, /Each word of a list/],
    ['environment.txt', 'export A=1\nexport B=x\\\n', 2, /B: "x\\"/, /backslash/],
    ['metadata.txt', 'Config name: na\u00efve\n', 1, /config_name/, /ASCII/],
    ['boot.txt', 'a-b: 1\n', 1, /a-b: 1/, /Keys begin/],
    ['ranks.txt', '# nobody\n', 1, /end of the text/, /nothing that can be stored/],
  ])('names %s as the file to correct', (source, content, line, message, hint) => {
    const { insert } = convertRunRecord({ files: new Map([[source, content]]) })
    const name = source.replace('.txt', '.fcl')
    const error = failure(name, String(insert.get(name)), source)
    expect(error).toMatchObject({ file: name, convertedFrom: source, line, cause: { code: 'ERR_FHICL_SYNTAX' } })
    expect(error.message).toMatch(message)
    expect(error.hint).toMatch(hint)
    expect(error.hint).toContain(`"${source}"`)
  })

  test('names a component file itself', () => {
    expect(failure('crate1.fcl', 'a: 1,\n')).toMatchObject({
      file: 'crate1.fcl',
      convertedFrom: undefined,
      line: 1,
      column: 5,
    })
  })
})
