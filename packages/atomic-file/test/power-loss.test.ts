/**
 * What each function promises about a power failure, checked in states that the disk may be left in. `ordered` is a file system with a journal,
 * `unordered` no more than POSIX promises.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  keepBackup,
  makeDirectory,
  moveFile,
  openAppendFile,
  openFolderDraft,
  removeFile,
  writeFileAtomic,
  writeFilesAtomic,
} from '@holdfast/atomic-file'
import { useTempDir } from '@holdfast/testkit'
import { type FileSystemRecorder, powerLossSweep, recordFileSystem } from '@holdfast/testkit/power-loss'
import { beforeEach, describe, expect, test } from 'vitest'

const dir = useTempDir()
const folder = (): string => join(dir(), 'folder')
const at = (name: string): string => join(folder(), name)
beforeEach(() => mkdirSync(folder()))

type Mode = 'ordered' | 'unordered'
const MODES: readonly Mode[] = ['ordered', 'unordered']

interface State {
  /** The text of a file, `undefined` when there is none. */
  readonly text: (name: string) => string | undefined
  readonly mode: (name: string) => number
  readonly names: (folder?: string) => string[]
  readonly acknowledged: readonly string[]
}

async function sweep({ recording }: FileSystemRecorder, mode: Mode, check: (state: State) => void): Promise<void> {
  const options = { mode, maxStates: 16, scratch: dir() }
  const states = await powerLossSweep(recording(), options, (directory, { acknowledged }) => {
    const status = (name: string) => statSync(join(directory, name), { throwIfNoEntry: false })
    check({
      acknowledged,
      text: (name) => (status(name)?.isFile() ? readFileSync(join(directory, name), 'utf8') : undefined),
      mode: (name) => (status(name)?.mode ?? 0) & 0o777,
      names: (name = '') => readdirSync(join(directory, name)).filter((entry) => !entry.endsWith('.tmp')),
    })
  })
  // Before it, during it and acknowledged at least.
  expect(states).toBeGreaterThan(2)
}

describe.each(MODES)('%s', (mode) => {
  test('writeFileAtomic() leaves one whole version, not older than the last that was acknowledged', async () => {
    const versions = Array.from({ length: 4 }, (_, version) => `version ${version}\n`.repeat(10 - version))
    writeFileSync(at('state'), versions[0] ?? '', { mode: 0o600 })
    const recorder = recordFileSystem(folder())
    for (const version of versions.slice(1)) {
      await writeFileAtomic(at('state'), version, { mode: 0o640 }, { fs: recorder.fs })
      recorder.mark(version)
    }
    const found = new Set<number>()
    await sweep(recorder, mode, (state) => {
      const version = versions.indexOf(state.text('state') ?? '')
      found.add(version)
      expect(version).toBeGreaterThanOrEqual(state.acknowledged.length)
      expect(state.mode('state')).toBe(version === 0 ? 0o600 : 0o640)
    })
    expect([...found].sort()).toEqual([0, 1, 2, 3])
  })

  test.each([{ syncTogether: false }, { syncTogether: true }])(
    'openFolderDraft() leaves no folder or the whole one, and the whole one once it is acknowledged, syncTogether $syncTogether',
    async ({ syncTogether }) => {
      mkdirSync(at('staging'))
      mkdirSync(at('out'))
      const recorder = recordFileSystem(folder())
      await using draft = await openFolderDraft(
        at('out/bundle'),
        { tempDirectory: at('staging'), syncTogether },
        { fs: recorder.fs },
      )
      const file = await draft.createFile('content/deep/page')
      for (const part of ['one,', 'two']) await file.write(part)
      await file.finish()
      await draft.writeFile('manifest', 'm')
      await draft.writeFile('completed', 'yes')
      await draft.publish()
      recorder.mark('published')
      const seen = new Set<boolean>()
      await sweep(recorder, mode, ({ text, names, acknowledged }) => {
        const isThere = names('out').includes('bundle')
        seen.add(isThere)
        if (acknowledged.length > 0) expect(isThere).toBe(true)
        if (!isThere) return
        const found = ['content/deep/page', 'manifest', 'completed'].map((name) => text(`out/bundle/${name}`))
        expect(found).toEqual(['one,two', 'm', 'yes'])
      })
      expect(seen.size).toBe(2)
    },
  )

  test('writeFileAtomic() with overwrite: false leaves no file or the whole one', async () => {
    const recorder = recordFileSystem(folder())
    await writeFileAtomic(at('claim'), 'whole', { overwrite: false }, { fs: recorder.fs })
    recorder.mark('claimed')
    await sweep(recorder, mode, ({ text, acknowledged }) => {
      expect(acknowledged.length > 0 ? ['whole'] : ['whole', undefined]).toContain(text('claim'))
    })
  })

  test('writeFileAtomic() with a backup in another folder keeps the old content until the new is acknowledged', async () => {
    writeFileSync(at('state'), 'old')
    mkdirSync(at('backups'))
    writeFileSync(at('backups/1'), 'older')
    const recorder = recordFileSystem(folder())
    await writeFileAtomic(at('state'), 'new', { backupPath: at('backups/1') }, { fs: recorder.fs })
    recorder.mark('replaced')
    await sweep(recorder, mode, ({ text, acknowledged }) => {
      expect(['old', 'older']).toContain(text('backups/1'))
      expect([text('state'), text('backups/1')]).toContain('old')
      if (acknowledged.length > 0) expect([text('state'), text('backups/1')]).toEqual(['new', 'old'])
    })
  })

  test('writeFilesAtomic() leaves each file whole, and all of them new once it returned', async () => {
    mkdirSync(at('other'))
    const names = ['b', 'other/c', 'a', 'index']
    for (const name of names) writeFileSync(at(name), `old ${name}`)
    const recorder = recordFileSystem(folder())
    await writeFilesAtomic(
      names.map((name) => ({ path: at(name), data: `new ${name}` })),
      {},
      { fs: recorder.fs },
    )
    recorder.mark('replaced')
    await sweep(recorder, mode, ({ text, acknowledged }) => {
      const isNew = names.map((name) => {
        expect([`old ${name}`, `new ${name}`]).toContain(text(name))
        return text(name) === `new ${name}`
      })
      if (acknowledged.length > 0) expect(isNew).toEqual(names.map(() => true))
      // The file that tells of the others comes last.
      if (mode === 'ordered' && isNew.at(-1)) expect(isNew).toEqual(names.map(() => true))
    })
  })

  test('append() keeps every acknowledged line; only what follows can be torn', async () => {
    const lines = ['first\n', 'second line\n', 'third\n']
    const recorder = recordFileSystem(folder())
    const journal = await openAppendFile(at('journal'), { fs: recorder.fs })
    recorder.mark('')
    for (const line of lines) {
      await journal.append(line)
      recorder.mark(line)
    }
    await journal.close()
    const found = new Set<string>()
    await sweep(recorder, mode, ({ text, acknowledged }) => {
      const content = text('journal')
      if (acknowledged.length > 0) expect(content).toBeDefined()
      const kept = acknowledged.join('')
      expect(content ?? '').toMatch(new RegExp(`^${kept}`))
      const next = lines[acknowledged.length - 1] ?? ''
      const tail = (content ?? '').slice(kept.length)
      expect(next.startsWith(tail.replace(/\0+$/, '')) && tail.length <= next.length).toBe(true)
      if (tail !== '' && tail !== next) found.add(tail)
    })
    // The sweep did meet torn lines.
    expect(found.size).toBeGreaterThan(3)
  })

  test('truncate() of an append file stays once acknowledged, also when the file grows again', async () => {
    writeFileSync(at('journal'), 'good\nbad')
    const recorder = recordFileSystem(folder())
    const journal = await openAppendFile(at('journal'), { fs: recorder.fs })
    await journal.truncate(5)
    recorder.mark('cut')
    await journal.append('next\n')
    recorder.mark('appended')
    await journal.close()
    await sweep(recorder, mode, ({ text, acknowledged }) => {
      const content = text('journal') ?? ''
      if (acknowledged.length === 0) expect(['good\nbad', 'good\n']).toContain(content)
      if (acknowledged.length === 1) expect(content).toMatch(/^good\n(?:n(?:e(?:x(?:t\n?)?)?)?)?\0*$/)
      if (acknowledged.length === 2) expect(content).toBe('good\nnext\n')
    })
  })

  test('moveFile() across folders never loses the file', async () => {
    for (const name of ['from', 'to']) mkdirSync(at(name))
    writeFileSync(at('from/file'), 'text')
    const recorder = recordFileSystem(folder())
    await moveFile(at('from/file'), at('to/file'), { fs: recorder.fs })
    recorder.mark('moved')
    await sweep(recorder, mode, ({ text, acknowledged }) => {
      const left = ['from', 'to'].filter((name) => text(`${name}/file`) === 'text')
      // Without a journal the two folders may disagree in any way until they are synced.
      if (mode === 'ordered') expect(left).toHaveLength(1)
      if (acknowledged.length > 0) expect(left).toEqual(['to'])
    })
  })

  test('moveFile() within a folder leaves the file under one of the names', async () => {
    writeFileSync(at('before'), 'moved')
    writeFileSync(at('after'), 'replaced')
    const recorder = recordFileSystem(folder())
    await moveFile(at('before'), at('after'), { fs: recorder.fs })
    recorder.mark('moved')
    await sweep(recorder, mode, ({ text, acknowledged }) => {
      const names = [text('before'), text('after')]
      if (acknowledged.length > 0 || names[0] === undefined) expect(names).toEqual([undefined, 'moved'])
      else expect(names).toEqual(['moved', 'replaced'])
    })
  })

  test('removeFile() is not undone once it returned', async () => {
    writeFileSync(at('state'), 'text')
    const recorder = recordFileSystem(folder())
    expect(await removeFile(at('state'), {}, { fs: recorder.fs })).toBe(true)
    recorder.mark('removed')
    await sweep(recorder, mode, ({ text, acknowledged }) => {
      expect(acknowledged.length > 0 ? [undefined] : ['text', undefined]).toContain(text('state'))
    })
  })

  test('makeDirectory() keeps every folder it made once it returned', async () => {
    const recorder = recordFileSystem(folder())
    await makeDirectory(at('a/b/c'), {}, { fs: recorder.fs })
    recorder.mark('made')
    await sweep(recorder, mode, ({ names, acknowledged }) => {
      if (acknowledged.length > 0) expect(names('a/b')).toEqual(['c'])
    })
  })

  test('keepBackup() leaves the former backup or the new one, and the new one once it returned', async () => {
    writeFileSync(at('state'), 'text')
    writeFileSync(at('backup'), 'older')
    const recorder = recordFileSystem(folder())
    await keepBackup(at('state'), at('backup'), {}, { fs: recorder.fs })
    recorder.mark('kept')
    await sweep(recorder, mode, ({ text, acknowledged }) => {
      expect(text('state')).toBe('text')
      expect(acknowledged.length > 0 ? ['text'] : ['text', 'older']).toContain(text('backup'))
    })
  })
})

// One sync for the link and the rename of one folder: that the link comes first is up to the journal.
test.each([
  { options: {}, acknowledged: ['new', 'old'] },
  { options: { tempDirectory: 'temporary' }, acknowledged: ['new', 'old'] },
])(
  'ordered: a backup in the same folder keeps the old content until the new is acknowledged, $options',
  async (row) => {
    mkdirSync(at('temporary'))
    writeFileSync(at('state'), 'old')
    writeFileSync(at('backup'), 'older')
    const recorder = recordFileSystem(folder())
    const options = row.options.tempDirectory === undefined ? {} : { tempDirectory: at(row.options.tempDirectory) }
    await writeFileAtomic(at('state'), 'new', { ...options, backupPath: at('backup') }, { fs: recorder.fs })
    recorder.mark('replaced')
    await sweep(recorder, 'ordered', ({ text, acknowledged }) => {
      const contents = [text('state'), text('backup')]
      expect(contents).toContain('old')
      expect(
        acknowledged.length > 0 ? [row.acknowledged] : [['old', 'older'], ['old', 'old'], row.acknowledged],
      ).toContainEqual(contents)
    })
  },
)
