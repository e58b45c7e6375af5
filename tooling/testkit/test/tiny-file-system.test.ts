import { existsSync, statfsSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillDisk, mountTinyFileSystem } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'

describe('mountTinyFileSystem()', () => {
  let earlier: string | undefined

  test('gives a folder that takes no more than its size', (context) => {
    const disk = mountTinyFileSystem(64 * 1024)
    if (disk === undefined) return context.skip('mounting needs root')
    earlier = disk
    writeFileSync(join(disk, 'fits'), Buffer.alloc(32 * 1024))
    expect(() => writeFileSync(join(disk, 'too-large'), Buffer.alloc(64 * 1024))).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    )
  })

  test('is gone with its folder when the test has ended', (context) => {
    if (earlier === undefined) return context.skip('mounting needs root')
    expect(existsSync(earlier)).toBe(false)
  })
})

describe('fillDisk()', () => {
  test('leaves no room, and its file gives all of it back', (context) => {
    const disk = mountTinyFileSystem(64 * 1024)
    if (disk === undefined) return context.skip('mounting needs root')
    const fill = fillDisk(disk)
    expect(statfsSync(disk).bfree).toBe(0)
    expect(() => writeFileSync(join(disk, 'a'), 'a')).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
    unlinkSync(fill)
    writeFileSync(join(disk, 'a'), Buffer.alloc(60 * 1024))
    truncateSync(join(disk, 'a'))
  })

  test('leaves the room that is asked for', (context) => {
    const disk = mountTinyFileSystem(64 * 1024)
    if (disk === undefined) return context.skip('mounting needs root')
    fillDisk(disk, 8192)
    expect(() => writeFileSync(join(disk, 'a'), Buffer.alloc(8193))).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    )
    writeFileSync(join(disk, 'a'), Buffer.alloc(8192))
    expect(statSync(join(disk, 'a')).size).toBe(8192)
  })
})
