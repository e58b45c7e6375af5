/**
 * The model must be neither too kind (a protocol that loses data passes) nor too hard (a correct one fails), so for each rule there is a
 * protocol that breaks it and one that keeps it.
 */
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import {
  type FileSystemRecorder,
  type PowerLossOptions,
  powerLossStates,
  powerLossSweep,
  type Recording,
  recordFileSystem,
} from '@holdfast/testkit/power-loss'
import { beforeEach, describe, expect, test } from 'vitest'

const dir = useTempDir()
const folder = (): string => join(dir(), 'recorded')
const at = (name: string): string => join(folder(), name)
beforeEach(() => mkdirSync(folder()))

type Files = Readonly<Record<string, string>>
interface Outcome {
  readonly files: Files
  readonly acknowledged: readonly string[]
  readonly afterOperation: number
}

const MODES = ['ordered', 'unordered'] as const
const BOTH: readonly PowerLossOptions[] = MODES.map((mode) => ({ mode, maxStates: 20 }))

let laidOut = 0
/** What is in the files, for every state. */
function outcomes(recording: Recording, options: PowerLossOptions): Outcome[] {
  return [...powerLossStates(recording, options)].map((state) => {
    const directory = join(dir(), `state-${laidOut++}`)
    state.writeTo(directory)
    return { ...state, files: contents(directory) }
  })
}

function contents(directory: string): Files {
  const files: Record<string, string> = {}
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files[path.slice(directory.length + 1)] = readFileSync(path, 'utf8')
  }
  return files
}

async function put(recorder: FileSystemRecorder, name: string, text: string, sync = false): Promise<void> {
  const handle = await recorder.fs.open(at(name), 'w')
  await handle.write(text)
  if (sync) await handle.sync()
  await handle.close()
}

async function syncFolder({ fs }: FileSystemRecorder, path = folder()): Promise<void> {
  const handle = await fs.open(path)
  await handle.sync()
  await handle.close()
}

describe.each(BOTH)('protocols, $mode', (options) => {
  interface Steps {
    readonly syncFile?: boolean
    readonly syncFolder?: boolean
  }
  async function replace(steps: Steps): Promise<Outcome[]> {
    writeFileSync(at('state'), 'old')
    const recorder = recordFileSystem(folder())
    await put(recorder, 'temporary', 'the new one', steps.syncFile)
    await recorder.fs.rename(at('temporary'), at('state'))
    if (steps.syncFolder) await syncFolder(recorder)
    recorder.mark('replaced')
    return outcomes(recorder.recording(), options)
  }
  const isAcknowledged = ({ acknowledged }: Outcome): boolean => acknowledged.includes('replaced')

  test('a rename without a sync of the file can leave it empty, torn and full of zeros', async () => {
    const states = (await replace({ syncFolder: true })).map(({ files }) => files['state'])
    expect(states).toContain('')
    expect(states).toContain('the n')
    expect(states).toContain('\0'.repeat('the new one'.length))
    expect(states).toContain('old')
    expect(states).toContain('the new one')
  })

  test('a rename without a sync of the folder can be lost after it was acknowledged', async () => {
    const states = await replace({ syncFile: true })
    expect(new Set(states.map(({ files }) => files['state']))).toEqual(new Set(['old', 'the new one']))
    expect(states.filter(isAcknowledged).map(({ files }) => files['state'])).toContain('old')
  })

  test('a rename with both syncs is whole at every moment and stays once acknowledged', async () => {
    const states = await replace({ syncFile: true, syncFolder: true })
    expect(new Set(states.map(({ files }) => files['state']))).toEqual(new Set(['old', 'the new one']))
    expect(states.filter(isAcknowledged).map(({ files }) => files)).toEqual([{ state: 'the new one' }])
  })

  test('an overwrite in place can leave a mixture, also with a sync at its end', async () => {
    writeFileSync(at('state'), 'old and long')
    const recorder = recordFileSystem(folder())
    await put(recorder, 'state', 'new', true)
    recorder.mark('replaced')
    const states = outcomes(recorder.recording(), options)
    const found = new Set(states.map(({ files }) => files['state']))
    expect(found).toContain('')
    expect(found).toContain('n')
    expect(states.filter(isAcknowledged).map(({ files }) => files['state'])).toEqual(['new'])
  })

  test.each([{ synced: false }, { synced: true }])('an append, synced $synced', async ({ synced }) => {
    writeFileSync(at('log'), 'one\n')
    const { fs, mark, recording } = recordFileSystem(folder())
    const handle = await fs.open(at('log'), 'a')
    await handle.appendFile('two\n')
    if (synced) await handle.datasync()
    mark('two')
    await handle.appendFile('three\n')
    await handle.close()
    const states = outcomes(recording(), options)
    const texts = states.map(({ files }) => files['log'] ?? '')
    for (const text of texts) expect(text).toMatch(/^one\n/)
    expect(texts).toContain('one\ntw')
    expect(texts).toContain('one\n\0\0\0\0')
    expect(texts).toContain('one\ntwo\nthree\n')
    const losing = states.filter(
      (state) => state.acknowledged.length > 0 && !state.files['log']?.startsWith('one\ntwo\n'),
    )
    if (synced) expect(losing).toEqual([])
    else expect(losing).not.toEqual([])
  })
})

describe('files', () => {
  test.each([
    { call: 'sync', lost: false },
    { call: 'datasync', lost: true },
  ] as const)('a mode after $call can be lost: $lost', async ({ call, lost }) => {
    writeFileSync(at('state'), '', { mode: 0o644 })
    const { fs, mark, recording } = recordFileSystem(folder())
    const handle = await fs.open(at('state'), 'r+')
    await handle.chmod(0o600)
    await handle[call]()
    mark('private')
    await handle.close()
    const modes: number[] = []
    await powerLossSweep(recording(), { mode: 'ordered', scratch: dir() }, (directory, { acknowledged }) => {
      if (acknowledged.length > 0) modes.push(statSync(join(directory, 'state')).mode & 0o777)
    })
    expect(modes.includes(0o644)).toBe(lost)
    expect(modes).toContain(0o600)
  })

  test('a sync covers only the writes that were over when it was called', async () => {
    const recorder = recordFileSystem(folder())
    const handle = await recorder.fs.open(at('log'), 'wx')
    await syncFolder(recorder)
    await handle.write('early ')
    await Promise.all([handle.write('late'), handle.sync()])
    recorder.mark('synced')
    await handle.close()
    expect(readFileSync(at('log'), 'utf8')).toBe('early late')
    const acknowledged = outcomes(recorder.recording(), { mode: 'ordered' }).filter(
      (state) => state.acknowledged.length > 0,
    )
    const texts = acknowledged.map(({ files }) => files['log'] ?? '')
    for (const text of texts) expect(text).toMatch(/^early /)
    expect(texts).toContain('early ')
    expect(texts).toContain('early late')
  })

  test('writes since the last sync can survive without those before them', async () => {
    writeFileSync(at('log'), '......')
    const { fs, recording } = recordFileSystem(folder())
    const handle = await fs.open(at('log'), 'r+')
    await handle.write(Buffer.from('xabx'), 1, 2, 0)
    await handle.writev([Buffer.from('c'), Buffer.from('d')], 4)
    await handle.close()
    const texts = outcomes(recording(), { mode: 'ordered', maxStates: 40 }).map(({ files }) => files['log'])
    expect(texts).toEqual(expect.arrayContaining(['......', 'ab....', '....cd', 'ab..cd', 'a.....']))
  })

  test('truncate() can be lost until it is synced', async () => {
    writeFileSync(at('log'), 'long')
    const { fs, mark, recording } = recordFileSystem(folder())
    const handle = await fs.open(at('log'), 'r+')
    await handle.truncate(2)
    mark('cut')
    await handle.datasync()
    mark('synced')
    await handle.close()
    const states = outcomes(recording(), { mode: 'ordered' })
    const after = (marks: number): Set<string | undefined> =>
      new Set(states.filter(({ acknowledged }) => acknowledged.length === marks).map(({ files }) => files['log']))
    expect(after(1)).toEqual(new Set(['long', 'lo']))
    expect(after(2)).toEqual(new Set(['lo']))
  })

  test('all names of a file show what was synced through one of them', async () => {
    writeFileSync(at('a'), 'old')
    linkSync(at('a'), at('b'))
    const recorder = recordFileSystem(folder())
    const handle = await recorder.fs.open(at('b'), 'r+')
    await handle.write('new', 0)
    await handle.sync()
    await handle.close()
    await recorder.fs.link(at('a'), at('c'))
    await syncFolder(recorder)
    recorder.mark('linked')
    await powerLossSweep(recorder.recording(), { mode: 'unordered', scratch: dir() }, (directory, { acknowledged }) => {
      expect(statSync(join(directory, 'a')).ino).toBe(statSync(join(directory, 'b')).ino)
      if (acknowledged.length === 0) return
      expect(contents(directory)).toEqual({ a: 'new', b: 'new', c: 'new' })
      expect(statSync(join(directory, 'c')).ino).toBe(statSync(join(directory, 'a')).ino)
    })
  })
})

describe('names', () => {
  test('a sync of a new file does not keep its name, a sync of the folder does not keep its bytes', async () => {
    const recorder = recordFileSystem(folder())
    await put(recorder, 'synced', 'bytes', true)
    recorder.mark('file synced')
    await syncFolder(recorder)
    await put(recorder, 'named', 'bytes')
    await syncFolder(recorder)
    recorder.mark('folder synced')
    const states = outcomes(recorder.recording(), { mode: 'ordered' })
    const at1 = states.filter(({ acknowledged }) => acknowledged.length === 1).map(({ files }) => files)
    expect(at1).toContainEqual({})
    expect(at1).toContainEqual({ synced: 'bytes' })
    const at2 = states.filter(({ acknowledged }) => acknowledged.length === 2).map(({ files }) => files)
    expect(at2).toContainEqual({ synced: 'bytes', named: '' })
    for (const files of at2) expect(files).toMatchObject({ synced: 'bytes', named: expect.any(String) })
  })

  /** Backup by link, then rename over it, one sync at the end: whether the backup can be missing when the old content is replaced. */
  async function losesOld(mode: 'ordered' | 'unordered'): Promise<boolean> {
    writeFileSync(at('state'), 'old')
    writeFileSync(at('temporary'), 'new')
    const recorder = recordFileSystem(folder())
    await recorder.fs.link(at('state'), at('backup'))
    await recorder.fs.rename(at('temporary'), at('state'))
    await syncFolder(recorder)
    return outcomes(recorder.recording(), { mode, maxStates: 30 }).some(
      ({ files }) => !Object.values(files).includes('old'),
    )
  }

  test('ordered: changes of names survive in their order', async () => {
    expect(await losesOld('ordered')).toBe(false)
  })

  test('unordered: a later change of a name can survive without an earlier one', async () => {
    expect(await losesOld('unordered')).toBe(true)
  })

  test.each(MODES)('%s: renames within a folder leave each file under one of its names', async (mode) => {
    for (const name of ['a', 'b']) writeFileSync(at(name), name)
    const { fs, recording } = recordFileSystem(folder())
    await fs.rename(at('a'), at('c'))
    await fs.rename(at('b'), at('a'))
    await fs.rename(at('c'), at('d'))
    const states = outcomes(recording(), { mode, maxStates: 50 }).map(({ files }) => files)
    for (const files of states) expect(Object.values(files).sort()).toEqual(['a', 'b'])
    expect(states).toContainEqual({ a: 'b', d: 'a' })
    expect(states).toContainEqual({ a: 'a', b: 'b' })
  })

  test.each([
    { mode: 'ordered', first: 'new', found: ['new'] },
    { mode: 'ordered', first: 'old', found: ['new'] },
    { mode: 'unordered', first: 'new', found: ['new', 'new old'] },
    { mode: 'unordered', first: 'old', found: ['', 'new'] },
  ] as const)('$mode: a rename across folders that syncs the $first one first leaves $found', async (row) => {
    for (const name of ['old', 'new']) mkdirSync(at(name))
    writeFileSync(at('old/file'), '')
    const recorder = recordFileSystem(folder())
    await recorder.fs.rename(at('old/file'), at('new/file'))
    recorder.mark('renamed')
    await syncFolder(recorder, at(row.first))
    recorder.mark('one')
    await syncFolder(recorder, at(row.first === 'old' ? 'new' : 'old'))
    recorder.mark('both')
    const states = outcomes(recorder.recording(), { mode: row.mode, maxStates: 30 })
    const leftAfter = (marks: number): string[] =>
      [
        ...new Set(
          states
            .filter(({ acknowledged }) => acknowledged.length >= marks)
            .map(({ files }) =>
              Object.keys(files)
                .map((path) => path.slice(0, 3))
                .sort()
                .join(' '),
            ),
        ),
      ].sort()
    // Before any sync each half may be lost for itself, unless there is a journal.
    expect(leftAfter(0)).toEqual(row.mode === 'ordered' ? ['new', 'old'] : ['', 'new', 'new old', 'old'])
    expect(leftAfter(2)).toEqual(row.found)
    expect(leftAfter(3)).toEqual(['new'])
  })

  test('a folder that is moved takes its files along and is never in two places', async () => {
    mkdirSync(at('from/job'), { recursive: true })
    mkdirSync(at('to'))
    writeFileSync(at('from/job/file'), 'text')
    const recorder = recordFileSystem(folder())
    await recorder.fs.rename(at('from/job'), at('to/job'))
    await syncFolder(recorder, at('to'))
    await syncFolder(recorder, at('from'))
    const states = outcomes(recorder.recording(), { mode: 'unordered', maxStates: 30 }).map(({ files }) => files)
    expect(states).toEqual([{ 'from/job/file': 'text' }, { 'to/job/file': 'text' }])
  })

  test('new folders are lost with all they hold until their parents are synced', async () => {
    const recorder = recordFileSystem(folder())
    await recorder.fs.mkdir(at('a/b'), { recursive: true })
    await put(recorder, 'a/b/file', 'text', true)
    await syncFolder(recorder, at('a/b'))
    await syncFolder(recorder, at('a'))
    recorder.mark('without the top')
    await syncFolder(recorder)
    recorder.mark('all')
    const states = outcomes(recorder.recording(), { mode: 'unordered' })
    const after = (marks: number): Files[] =>
      states.filter(({ acknowledged }) => acknowledged.length === marks).map(({ files }) => files)
    expect(after(1)).toContainEqual({})
    expect(after(2)).toEqual([{ 'a/b/file': 'text' }])
  })
})

describe('recordFileSystem()', () => {
  test('works on the real files and tells what was done, in the order of the effects', async () => {
    writeFileSync(at('state'), 'old', { mode: 0o640 })
    const { fs, mark, recording } = recordFileSystem(folder())
    const handle = await fs.open(at('temporary'), 'wx', 0o600)
    await Promise.all([
      handle.write('ne', 0),
      handle.chmod(0o640),
      handle.write(Buffer.from('xw'), { offset: 1, position: 2 }),
    ])
    await handle.datasync()
    await handle.close()
    await fs.copyFile(at('state'), at('copy'))
    await fs.unlink(at('state'))
    await fs.link(at('temporary'), at('state'))
    mark('done')
    expect(contents(folder())).toEqual({ copy: 'old', state: 'new', temporary: 'new' })
    expect(recording().events.map(({ text }) => text)).toEqual([
      "create 'temporary'",
      "write 2 bytes to 'temporary' at 0",
      "chmod 'temporary' to 640",
      "write 1 bytes to 'temporary' at 2",
      "datasync 'temporary'",
      "create 'copy' as a copy",
      "copy 3 bytes into 'copy'",
      "unlink 'state'",
      "link 'temporary' as 'state'",
      "mark 'done'",
    ])
  })

  test('what fails is not recorded', async () => {
    const { fs, recording } = recordFileSystem(folder())
    await expect(fs.rename(at('none'), at('other'))).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(fs.open(at('none'), 'r+')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(fs.mkdir(at('none/deep'))).rejects.toMatchObject({ code: 'ENOENT' })
    const handle = await fs.open(folder())
    await expect(handle.write('text')).rejects.toMatchObject({ code: 'EBADF' })
    await handle.close()
    expect(recording().events).toEqual([])
  })

  test('finds the file behind links and dots, and leaves alone what is outside', async () => {
    mkdirSync(join(dir(), 'outside'))
    mkdirSync(at('real'))
    writeFileSync(at('real/state'), '')
    symlinkSync(folder(), join(dir(), 'alias'))
    symlinkSync('real/state', at('pointer'))
    const { fs, recording } = recordFileSystem(join(dir(), 'alias'))
    for (const path of [at('pointer'), join(dir(), 'alias/real/../real/state'), join(dir(), 'outside/other')]) {
      const handle = await fs.open(path, 'w')
      await handle.write('text')
      await handle.close()
    }
    await fs.rename(join(dir(), 'outside/other'), join(dir(), 'outside/renamed'))
    expect(recording().events.map(({ text }) => text)).toEqual([
      "truncate 'real/state' to 0 bytes",
      "write 4 bytes to 'real/state' at 0",
      "truncate 'real/state' to 0 bytes",
      "write 4 bytes to 'real/state' at 0",
    ])
    await powerLossSweep(recording(), { mode: 'ordered', scratch: dir() }, (directory) => {
      expect(readlinkSync(join(directory, 'pointer'))).toBe('real/state')
    })
  })

  test('refuses what would make the recording untrue', async () => {
    const { fs } = recordFileSystem(folder())
    writeFileSync(at('foreign'), '')
    mkdirSync(at('folder'))
    writeFileSync(join(dir(), 'outside'), '')
    await expect(fs.open(at('foreign'), 'a')).rejects.toThrow("'foreign' was made past the recording file system")
    await expect(fs.open(at('folder/file'), 'w')).rejects.toThrow("'folder' was made past the recording file system")
    await expect(fs.rename(join(dir(), 'outside'), at('inside'))).rejects.toThrow('across the border')
    const handle = await fs.open(at('mine'), 'w+')
    await handle.read(Buffer.alloc(1), 0, 1, 0)
    await expect(handle.write('text')).rejects.toThrow('give the position')
    expect(() => handle.createWriteStream()).toThrow('does not know FileHandle.createWriteStream()')
    await handle.close()
  })
})

describe('powerLossStates()', () => {
  async function commits(count: number): Promise<Recording> {
    const recorder = recordFileSystem(folder())
    for (let commit = 1; commit <= count; commit += 1) {
      await put(recorder, `temporary-${commit}`, `commit ${commit}`.repeat(20), true)
      await recorder.fs.rename(at(`temporary-${commit}`), at('state'))
      await syncFolder(recorder)
      recorder.mark(String(commit))
    }
    return recorder.recording()
  }
  const describeAll = (recording: Recording, options: PowerLossOptions): string[] =>
    [...powerLossStates(recording, options)].map(({ description }) => description)

  test('begins before the first operation and ends after the last, with the marks so far', async () => {
    writeFileSync(at('state'), 'start')
    const states = outcomes(await commits(2), { mode: 'ordered' })
    expect(states[0]).toMatchObject({ afterOperation: 0, acknowledged: [], files: { state: 'start' } })
    expect(states.at(-1)).toMatchObject({ afterOperation: 10, acknowledged: ['1', '2'] })
    expect(states.map(({ afterOperation }) => afterOperation)).toEqual(
      states.map(({ afterOperation }) => afterOperation).sort((a, b) => a - b),
    )
  })

  test('gives the same states for the same seed, others for another', async () => {
    const recording = await commits(3)
    const first = describeAll(recording, { mode: 'unordered', seed: 1 })
    expect(describeAll(recording, { mode: 'unordered', seed: 1 })).toEqual(first)
    expect(describeAll(recording, { mode: 'unordered', seed: 2 })).not.toEqual(first)
    expect(first.some((text) => text.includes('of 15, rename'))).toBe(true)
  })

  test('gives no state twice and no more than maxStates at a moment', async () => {
    const states = outcomes(await commits(3), { mode: 'unordered', maxStates: 3 })
    const keys = states.map(({ files, acknowledged }) => JSON.stringify([files, acknowledged]))
    expect(new Set(keys).size).toBe(keys.length)
    const perMoment = Map.groupBy(
      states,
      ({ afterOperation, acknowledged }) => `${afterOperation} ${acknowledged.length}`,
    )
    expect(Math.max(...[...perMoment.values()].map((group) => group.length))).toBe(3)
  })

  test.each([1, 2.5, Number.NaN])('refuses maxStates %s', async (maxStates) => {
    const recording = await commits(1)
    expect(() => [...powerLossStates(recording, { mode: 'ordered', maxStates })]).toThrow(RangeError)
  })

  test('writeTo() refuses a folder that is not empty', async () => {
    const [state] = powerLossStates(await commits(1), { mode: 'ordered' })
    expect(() => state?.writeTo(dir())).toThrow('it is not empty')
  })
})

describe('powerLossSweep()', () => {
  test('says in which state the check failed, and keeps its files', async () => {
    const { fs, recording } = recordFileSystem(folder())
    writeFileSync(join(dir(), 'outside'), '')
    await fs.copyFile(join(dir(), 'outside'), at('copy'))
    const failing = powerLossSweep(recording(), { mode: 'ordered', scratch: dir() }, (directory) => {
      expect(readdirSync(directory)).toEqual([])
    })
    await expect(failing).rejects.toThrow(
      /power-loss-1', power failed after operation 1 of 2, create 'copy' as a copy; 1 of 1/,
    )
    expect(readdirSync(join(dir(), 'power-loss-1'))).toEqual(['copy'])
    expect(readdirSync(dir())).not.toContain('power-loss-0')
  })

  test('counts the states', async () => {
    renameSync(folder(), join(dir(), 'elsewhere'))
    mkdirSync(folder())
    const { recording } = recordFileSystem(folder())
    expect(await powerLossSweep(recording(), { mode: 'ordered', scratch: dir() }, () => undefined)).toBe(1)
  })
})
