import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { packTar, unpackTar } from '../../src/tools/tar-archive.js'

const dir = useTempDir()
const long = `${'x'.repeat(180)}.fcl`
const files = [
  { name: 'boot.fcl', data: Buffer.from('a: 1\n') },
  { name: 'empty.fcl', data: Buffer.alloc(0) },
  { name: long, data: Buffer.alloc(5_000, 'y') },
]

describe('packTar()', () => {
  test('makes an archive that tar unpacks', () => {
    execFileSync('tar', ['-xf', '-', '-C', dir()], { input: packTar(files) })
    for (const { name, data } of files) expect(readFileSync(join(dir(), name))).toEqual(data)
  })
})

describe('unpackTar()', () => {
  test.each(['gnu', 'pax', 'ustar'])('reads what tar packs in the format %s', (format) => {
    mkdirSync(join(dir(), 'beam-'))
    for (const { name, data } of files.filter((file) => format !== 'ustar' || file.name !== long)) {
      writeFileSync(join(dir(), 'beam-', name), data)
    }
    const archive = execFileSync('tar', ['-cf', '-', `--format=${format}`, '-C', dir(), '.'])
    const found = new Map(unpackTar(archive).map(({ name, data }) => [name, data]))
    expect(found.get('beam-/boot.fcl')).toEqual(Buffer.from('a: 1\n'))
    expect(found.get('beam-/empty.fcl')).toEqual(Buffer.alloc(0))
    if (format !== 'ustar') expect(found.get(`beam-/${long}`)).toEqual(Buffer.alloc(5_000, 'y'))
  })

  test('reads back what packTar() makes, and notices every cut', () => {
    const archive = packTar(files)
    expect(unpackTar(archive)).toEqual(files)
    for (let length = 0; length < archive.length - 1024; length += 97) {
      expect(() => unpackTar(archive.subarray(0, length))).toThrow('cut off')
    }
  })

  test('refuses links', () => {
    symlinkSync('/etc/passwd', join(dir(), 'boot.fcl'))
    const archive = execFileSync('tar', ['-cf', '-', '-C', dir(), '.'])
    expect(() => unpackTar(archive)).toThrow("'boot.fcl', which is neither file nor folder")
  })
})
