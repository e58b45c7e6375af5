import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import {
  bash,
  type Entry,
  failedEntry,
  fingerprint,
  layOut,
  mamfast,
  processedEntry,
  quote,
  readLedger,
} from './support.js'

const tempDir = useTempDir()

/** Larger than a pipe holds. */
function largeLedger(): string {
  const entries: Record<string, Entry> = {}
  for (let index = 0; index < 1500; index += 1) entries[`B0LARGE${index}`] = processedEntry({ title: `Book ${index}` })
  return layOut(tempDir(), { processed: entries })
}

describe('the standard output', () => {
  test.each(['list --json', 'list -n 1500', 'export', 'export --format csv'])(
    '%s | head -n 1 is no error',
    async (command) => {
      const { code, stdout, stderr } = await bash(`mamfast state ${command} -s ${quote(largeLedger())} | head -n 1`)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout.length).toBeLessThan(200)
    },
  )

  test.each(['list', 'list --json', 'export'])('%s to a full disk ends with 1 and says so', async (command) => {
    const { code, stderr } = await bash(`mamfast state ${command} -s ${quote(largeLedger())} > /dev/full`)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mamfast: The result cannot be written to the standard output: ENOSPC.*\nFree space/)
  })

  test('a disk that fills up in the middle is an error, too', async () => {
    const target = join(tempDir(), 'part.json')
    const { code, stderr } = await bash(
      `trap '' XFSZ; ulimit -f 100; mamfast state export -s ${quote(largeLedger())} > ${quote(target)}`,
    )
    expect(statSync(target).size).toBeGreaterThan(0)
    expect(code).toBe(1)
    expect(stderr).toContain('The result cannot be written to the standard output: EFBIG')
  })

  test('a full disk behind the standard error changes nothing about the result', async () => {
    const { code, stdout } = await bash(`mamfast state list -v -s ${quote(layOut(tempDir()))} 2> /dev/full`)
    expect(code).toBe(0)
    expect(stdout).toContain('Processed: 0')
  })

  test('results go there and nothing else does', async () => {
    const { stdout, stderr } = await mamfast(['state', 'list', '--json', '-v', '-s', layOut(tempDir())])
    expect(JSON.parse(stdout)).toEqual({ processed: {}, failed: {}, stats: { processed: 0, failed: 0 } })
    expect(stderr).toMatch(/^mamfast: The ledger is '/)
  })
})

describe('export', () => {
  const document = {
    processed: { B0A: processedEntry({ title: 'Ünï, "quoted"\nsecond' }) },
    failed: { B0B: failedEntry() },
  }

  test('to the standard output is what the file holds, with a newline', async () => {
    const path = layOut(tempDir(), document)
    const { code, stdout } = await mamfast(['state', 'export', '-s', path])
    expect(code).toBe(0)
    expect(stdout.endsWith('\n}\n')).toBe(true)
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(path, 'utf8')))
  })

  test('to a file is the same without one, in a folder that is made', async () => {
    const path = layOut(tempDir(), document)
    const { code, stdout } = await mamfast(['state', 'export', '-o', 'a/b/out.json', '-s', path], { cwd: tempDir() })
    const target = join(tempDir(), 'a/b/out.json')
    expect({ code, stdout }).toEqual({ code: 0, stdout: `  ✓ Exported state to: ${target}\n` })
    const piped = await mamfast(['state', 'export', '-s', path])
    expect(`${readFileSync(target, 'utf8')}\n`).toBe(piped.stdout)
  })

  test('replaces a file all at once: a full disk leaves the old one', async () => {
    const path = largeLedger()
    const target = join(tempDir(), 'out.json')
    writeFileSync(target, 'old')
    const { code, stderr } = await bash(
      `trap '' XFSZ; ulimit -f 100; mamfast state export -o ${quote(target)} -s ${quote(path)}`,
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/out\.json/)
    expect(readFileSync(target, 'utf8')).toBe('old')
    expect(await mamfast(['state', 'export', '-o', target, '-s', path])).toMatchObject({ code: 0 })
    expect(Object.keys(readLedger(target).processed)).toHaveLength(1500)
  })

  test('as CSV keeps commas, quotes and line ends in their fields', async () => {
    const { stdout } = await mamfast(['state', 'export', '--format=csv', '-s', layOut(tempDir(), document)])
    expect(stdout.split('\n')[0]).toMatch(/^map,id,asin,title,author,status,/)
    expect(stdout).toContain('processed,B0A,,"Ünï, ""quoted""\nsecond",Ida Marsh,COMPLETE,')
    expect(stdout).toContain('failed,B0B,,Salt Roads,Rae Quill,')
  })

  test.each([
    'state/processed.json',
    'state/processed.json.bak',
    'state/processed.json.lock',
    'state/.ledger/x',
    'link.json',
    'folder/processed.json',
  ])('never writes over what belongs to the ledger: %s', async (target) => {
    const path = layOut(tempDir(), document)
    mkdirSync(join(tempDir(), 'state/.ledger'))
    symlinkSync(path, join(tempDir(), 'link.json'))
    symlinkSync(join(tempDir(), 'state'), join(tempDir(), 'folder'))
    const before = fingerprint(tempDir())
    const { code, stderr } = await mamfast(['state', 'export', '-o', target, '-s', path], { cwd: tempDir() })
    expect(code).toBe(2)
    expect(stderr).toContain('belongs to the ledger')
    expect(fingerprint(tempDir())).toEqual(before)
  })

  test('to a folder or a device is refused', async () => {
    const path = layOut(tempDir(), document)
    for (const target of [tempDir(), '/dev/full']) {
      const { code, stderr } = await mamfast(['state', 'export', '-o', target, '-s', path])
      expect(code).toBe(1)
      expect(stderr).toContain(target)
    }
  })
})
