import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { writeFilesAtomic } from '@holdfast/atomic-file'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { recordingFs, systemError } from './recording-fs.js'

const dir = useTempDir()
const contents = (): string[] =>
  readdirSync(dir()).map((name) => `${name}: ${readFileSync(`${dir()}/${name}`, 'utf8')}`)

test('writeFilesAtomic() writes none, and many in several folders, with the modes asked for', async () => {
  await writeFilesAtomic([])
  const files = Array.from({ length: 100 }, (_, n) => ({ path: `${dir()}/${n % 3}/${n}`, data: `${n}`, mode: 0o600 }))
  for (const folder of ['0', '1', '2']) mkdirSync(`${dir()}/${folder}`)
  await writeFilesAtomic(files)
  for (const { path, data } of files) expect(readFileSync(path, 'utf8')).toBe(data)
  expect(files.map(({ path }) => statSync(path).mode & 0o777)).toEqual(files.map(() => 0o600))
  expect(['0', '1', '2'].flatMap((folder) => readdirSync(`${dir()}/${folder}`))).toHaveLength(100)
})

test('writeFilesAtomic() lets the last one win when a path is named twice', async () => {
  await writeFilesAtomic(['1', '2', '3'].map((data) => ({ path: `${dir()}/state`, data })))
  expect(contents()).toEqual(['state: 3'])
})

test('writeFilesAtomic() with overwrite: false writes nothing when one of them exists', async () => {
  writeFileSync(`${dir()}/b`, 'old')
  const files = ['a', 'b', 'c'].map((name) => ({ path: `${dir()}/${name}`, data: 'new' }))
  await expect(writeFilesAtomic(files, { overwrite: false })).rejects.toMatchObject({
    code: 'EEXIST',
    path: `${dir()}/b`,
  })
  expect(contents()).toEqual(['b: old'])
})

test.each([
  { what: 'a missing folder', bad: { path: 'missing/x', data: 'new' }, error: { code: 'ENOENT' } },
  { what: 'data that is none', bad: { path: 'x', data: undefined as never }, error: { name: 'TypeError' } },
])('writeFilesAtomic() replaces nothing because of $what', async ({ bad, error }) => {
  writeFileSync(`${dir()}/a`, 'old')
  const files = [
    { path: `${dir()}/a`, data: 'new' },
    { ...bad, path: `${dir()}/${bad.path}` },
  ]
  await expect(writeFilesAtomic(files)).rejects.toMatchObject(error)
  expect(contents()).toEqual(['a: old'])
})

test('writeFilesAtomic() removes the temporary files of those that come after a rename that failed', async () => {
  for (const name of ['a', 'b', 'c']) writeFileSync(`${dir()}/${name}`, 'old')
  const { fs } = recordingFs({ fail: (operation) => (operation === 'rename b' ? systemError('EIO') : undefined) })
  const files = ['a', 'b', 'c'].map((name) => ({ path: `${dir()}/${name}`, data: 'new' }))
  await expect(writeFilesAtomic(files, {}, { fs })).rejects.toMatchObject({ code: 'EIO', path: `${dir()}/b` })
  expect(contents()).toEqual(['a: new', 'b: old', 'c: old'])
})
