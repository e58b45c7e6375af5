import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { openAppendFile } from '@holdfast/atomic-file'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { recordingFs, systemError } from './recording-fs.js'

const dir = useTempDir()
const path = (): string => `${dir()}/journal`
const content = (): string => readFileSync(path(), 'utf8')

describe('openAppendFile()', () => {
  test('creates an empty file, and opens one that is there at its end', async () => {
    const first = await openAppendFile(path())
    expect([first.path, first.size, content()]).toEqual([path(), 0, ''])
    await first.append('one\n')
    await first.close()
    const second = await openAppendFile(path())
    expect(second.size).toBe(4)
    await second.append('two\n')
    await second.close()
    expect(content()).toBe('one\ntwo\n')
  })

  test('creates the target of a link and syncs the folder of the target', async () => {
    mkdirSync(`${dir()}/real`)
    symlinkSync('real/journal', path())
    const { fs, log } = recordingFs()
    await using journal = await openAppendFile(path(), { fs })
    await journal.append('one\n')
    expect(readFileSync(`${dir()}/real/journal`, 'utf8')).toBe('one\n')
    expect(log).toContain('end sync real/')
  })

  test('closes the file when opening fails halfway', async () => {
    const { fs, log } = recordingFs({ fail: (name) => (name === 'stat journal' ? systemError('EIO') : undefined) })
    await expect(openAppendFile(path(), { fs })).rejects.toMatchObject({ name: 'AtomicFileError', code: 'EIO' })
    expect(log).toContain('end close journal')
  })

  test.each([
    { what: 'a missing folder', name: 'missing/journal', code: 'ENOENT' },
    { what: 'a directory', name: '.', code: 'EISDIR' },
  ])('throws $code for $what', async ({ name, code }) => {
    await expect(openAppendFile(`${dir()}/${name}`)).rejects.toMatchObject({ name: 'AtomicFileError', code })
  })
})

describe('append()', () => {
  test('keeps the order of calls that do not wait for each other', async () => {
    await using journal = await openAppendFile(path())
    const lines = Array.from({ length: 50 }, (_, n) => `line ${n}\n`)
    await Promise.all(lines.map((line) => journal.append(line)))
    expect(content()).toBe(lines.join(''))
    expect(journal.size).toBe(content().length)
  })

  test('counts bytes, not characters, and takes bytes as they are', async () => {
    await using journal = await openAppendFile(path())
    await journal.append('ü')
    await journal.append(new Uint8Array([0xff, 0x00]))
    await journal.append('')
    expect(journal.size).toBe(4)
    expect(readFileSync(path())).toEqual(Buffer.from([0xc3, 0xbc, 0xff, 0x00]))
  })

  test('refuses what is neither text nor bytes and changes nothing', async () => {
    await using journal = await openAppendFile(path())
    await expect(journal.append(undefined as never)).rejects.toThrow(TypeError)
    expect(journal.size).toBe(0)
  })

  test.each(['write journal', 'datasync journal'])(
    'cuts off its data when %s fails, and the next call works',
    async (operation) => {
      let isFailing = false
      let writes = 0
      const fail = (name: string): Error | undefined => {
        if (!isFailing) return undefined
        if (name === 'write journal') writes += 1
        // The second of the short writes fails.
        return name === operation && (operation !== 'write journal' || writes > 1) ? systemError('ENOSPC') : undefined
      }
      const { fs } = recordingFs({ fail, mostBytesPerWrite: 4 })
      await using journal = await openAppendFile(path(), { fs })
      await journal.append('one\n')
      isFailing = true
      const failing = journal.append('a longer line\n')
      await expect(failing).rejects.toMatchObject({ name: 'AtomicFileError', code: 'ENOSPC', path: path() })
      expect([content(), journal.size]).toEqual(['one\n', 4])
      isFailing = false
      await journal.append('two\n')
      expect(content()).toBe('one\ntwo\n')
    },
  )

  test('fails as long as a torn tail cannot be cut off, and never writes behind or before it', async () => {
    let failing: RegExp | undefined
    const { fs } = recordingFs({ fail: (name) => (failing?.test(name) ? systemError('EIO') : undefined) })
    await using journal = await openAppendFile(path(), { fs })
    await journal.append('one\n')
    failing = /^(datasync|truncate)/
    await expect(journal.append('a long torn line\n')).rejects.toMatchObject({ code: 'EIO' })
    expect(content()).toBe('one\na long torn line\n')
    failing = /^truncate/
    await expect(journal.append('x\n')).rejects.toMatchObject({ code: 'EIO' })
    expect(content()).toBe('one\na long torn line\n')
    failing = undefined
    await journal.append('x\n')
    expect([content(), journal.size]).toEqual(['one\nx\n', 6])
  })

  test('one failure does not fail the calls that wait behind it', async () => {
    let writes = 0
    const fail = (name: string): Error | undefined =>
      name === 'write journal' && ++writes === 2 ? systemError('EIO') : undefined
    const { fs } = recordingFs({ fail })
    await using journal = await openAppendFile(path(), { fs })
    const results = await Promise.allSettled(['1', '2', '3'].map((text) => journal.append(text)))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(content()).toBe('13')
  })
})

describe('truncate()', () => {
  test('cuts, and later appends follow without a gap', async () => {
    await using journal = await openAppendFile(path())
    await journal.append('one\ntwo\n')
    await journal.truncate(4)
    await journal.append('2\n')
    expect([content(), journal.size]).toEqual(['one\n2\n', 6])
  })

  test.each([-1, 1.5, Number.NaN, 5])('refuses the size %d of a file of 4 bytes', async (size) => {
    await using journal = await openAppendFile(path())
    await journal.append('one\n')
    await expect(journal.truncate(size)).rejects.toThrow(RangeError)
    expect(content()).toBe('one\n')
  })

  test('knows the size when only the sync failed, so that no gap of zeros follows', async () => {
    let isFailing = false
    const { fs } = recordingFs({
      fail: (name) => (isFailing && name === 'sync journal' ? systemError('EIO') : undefined),
    })
    await using journal = await openAppendFile(path(), { fs })
    await journal.append('one\ntwo\n')
    isFailing = true
    await expect(journal.truncate(4)).rejects.toMatchObject({ code: 'EIO' })
    await journal.append('2\n')
    expect(content()).toBe('one\n2\n')
  })
})

describe('close()', () => {
  test('waits for the appends under way', async () => {
    const journal = await openAppendFile(path())
    const appended = journal.append('one\n')
    await journal.close()
    expect(content()).toBe('one\n')
    await appended
  })

  test('may be called twice; then append() and truncate() reject', async () => {
    writeFileSync(path(), 'one\n')
    const journal = await openAppendFile(path())
    await Promise.all([journal.close(), journal.close()])
    await journal[Symbol.asyncDispose]()
    await expect(journal.append('x')).rejects.toThrow(`Cannot append to '${path()}': it is closed`)
    await expect(journal.truncate(0)).rejects.toThrow(/it is closed/)
    expect(content()).toBe('one\n')
  })
})
