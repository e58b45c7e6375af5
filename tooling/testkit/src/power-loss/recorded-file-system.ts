import { constants, lstatSync, type Mode, type PathLike, readFileSync, realpathSync, statSync } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import { dirname } from 'node:path'
import type { RecordedFileSystem } from './file-system.js'
import { recordHandle } from './recorded-handle.js'
import { isMissing, type Place, pastRecorder, pathText, Recorder } from './recorder.js'
import { type Recording, ROOT } from './recording.js'

export interface FileSystemRecorder {
  /** Works on the real files; to be given to the code under test as its file system. */
  readonly fs: RecordedFileSystem
  /** Notes that something was promised, such as `commit 7 acknowledged`; call it where the code under test has returned. */
  mark(label: string): void
  /** What has been done until now. */
  recording(): Recording
}

/**
 * Records what a program does to the files below a folder, for {@link powerLossStates}. What is there already counts as durable. Paths outside of
 * the folder work and are not recorded.
 *
 * Operations that are asked for at the same time are done one after the other in that order, so the recording is the order of their effects;
 * other orders, which a busy system could choose, are not tried. A sync covers only what was over when it was called.
 *
 * Not recorded: owners, times, and what goes past `fs` (`node:fs` itself, SQLite, other processes). Where such a change gets in the way of the
 * recording, the operation throws: it must not lead to states that cannot be.
 *
 * @example
 * const { fs, mark, recording } = recordFileSystem(folder)
 * await writeFileAtomic(`${folder}/state`, 'new', {}, { fs })
 * mark('new')
 */
export function recordFileSystem(root: string): FileSystemRecorder {
  const recorder = new Recorder(root)
  const { lstat, readdir, readFile, readlink, realpath } = nodeFs
  const fs: RecordedFileSystem = {
    lstat,
    readdir,
    readFile,
    readlink,
    realpath,
    open: (path, flags, mode) => recorder.serially(() => open(recorder, path, flags ?? 'r', mode)),
    mkdir: ((path: PathLike, options: MkdirOptions) =>
      recorder.serially(() => mkdir(recorder, path, options))) as RecordedFileSystem['mkdir'],
    copyFile: (from, to, mode) => recorder.serially(() => copyFile(recorder, from, to, mode)),
    link: (from, to) => recorder.serially(() => link(recorder, from, to)),
    rename: (from, to) => recorder.serially(() => rename(recorder, from, to)),
    unlink: (path) => recorder.serially(() => unlink(recorder, path)),
  }
  return {
    fs,
    mark: (label) => recorder.record({ type: 'mark', label }, `mark '${label}'`),
    recording: () => recorder.recording(),
  }
}

type MkdirOptions = Parameters<typeof nodeFs.mkdir>[1]

async function open(
  recorder: Recorder,
  path: PathLike,
  flags: string | number,
  mode?: Mode,
): Promise<nodeFs.FileHandle> {
  const existed = statIfThere(path) !== undefined
  const handle = await nodeFs.open(path, flags, mode)
  try {
    const real = realpathSync(pathText(path))
    if (recorder.isRoot(real)) return recordHandle(recorder, handle, { inode: ROOT, path: '.', appends: false })
    const place = recorder.locateReal(real)
    if (place === undefined) return handle
    const bits = flagBits(flags)
    let { inode } = place
    if (!existed) {
      inode = recorder.newInode()
      const createdMode = (await handle.stat()).mode & 0o7777
      recorder.record({ type: 'create', at: place, inode, mode: createdMode }, `create '${place.path}'`)
    } else if (inode === undefined) {
      if ((bits & (constants.O_WRONLY | constants.O_RDWR)) === 0) return handle
      throw pastRecorder(place.path)
    } else if ((bits & constants.O_TRUNC) !== 0) {
      recorder.record({ type: 'truncate', inode, size: 0 }, `truncate '${place.path}' to 0 bytes`)
    }
    return recordHandle(recorder, handle, {
      inode,
      path: place.path,
      appends: (bits & constants.O_APPEND) !== 0,
    })
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function mkdir(recorder: Recorder, path: PathLike, options: MkdirOptions): Promise<string | undefined> {
  const isRecursive = typeof options === 'object' && options?.recursive === true
  const result = await nodeFs.mkdir(path, options)
  if (isRecursive && result === undefined) return undefined
  const firstCreated = realpathSync(result ?? pathText(path))
  const created: string[] = []
  for (let folder = realpathSync(pathText(path)); ; folder = dirname(folder)) {
    created.unshift(folder)
    if (folder === firstCreated) break
  }
  for (const folder of created) {
    const place = recorder.locateReal(folder)
    if (place === undefined) continue
    const mode = lstatSync(folder).mode & 0o7777
    recorder.record({ type: 'mkdir', at: place, inode: recorder.newInode(), mode }, `mkdir '${place.path}'`)
  }
  return result
}

async function copyFile(recorder: Recorder, from: PathLike, to: PathLike, mode?: number): Promise<void> {
  const existed = statIfThere(to) !== undefined
  await nodeFs.copyFile(from, to, mode)
  const place = recorder.locateReal(realpathSync(pathText(to)))
  if (place === undefined) return
  const inode = existed ? known(place) : recorder.newInode()
  if (existed) recorder.record({ type: 'truncate', inode, size: 0 }, `truncate '${place.path}' to copy into it`)
  else {
    const createdMode = statSync(to).mode & 0o7777
    recorder.record({ type: 'create', at: place, inode, mode: createdMode }, `create '${place.path}' as a copy`)
  }
  const bytes = readFileSync(to)
  recorder.record({ type: 'write', inode, position: 0, bytes }, `copy ${bytes.length} bytes into '${place.path}'`)
}

async function link(recorder: Recorder, from: PathLike, to: PathLike): Promise<void> {
  const source = recorder.locate(from)
  const target = recorder.locate(to)
  if (target !== undefined && source === undefined && statIfThere(from) !== undefined) throw crossesBorder('link', from)
  await nodeFs.link(from, to)
  if (source === undefined || target === undefined) return
  recorder.record({ type: 'link', at: target, inode: known(source) }, `link '${source.path}' as '${target.path}'`)
}

async function rename(recorder: Recorder, from: PathLike, to: PathLike): Promise<void> {
  const source = recorder.locate(from)
  const target = recorder.locate(to)
  if ((source === undefined) !== (target === undefined) && statIfThere(from) !== undefined)
    throw crossesBorder('rename', from)
  await nodeFs.rename(from, to)
  if (source === undefined || target === undefined) return
  const inode = known(source)
  // Two names of one file both stay.
  if (target.inode === inode) return
  recorder.record({ type: 'rename', from: source, to: target, inode }, `rename '${source.path}' to '${target.path}'`)
}

async function unlink(recorder: Recorder, path: PathLike): Promise<void> {
  const place = recorder.locate(path)
  await nodeFs.unlink(path)
  if (place?.inode !== undefined) recorder.record({ type: 'unlink', at: place }, `unlink '${place.path}'`)
}

function known(place: Place): number {
  if (place.inode === undefined) throw pastRecorder(place.path)
  return place.inode
}

function crossesBorder(action: string, path: PathLike): Error {
  return new Error(`Cannot record the ${action} of '${pathText(path)}' across the border of the recorded folder`)
}

function statIfThere(path: PathLike): unknown {
  try {
    return statSync(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function flagBits(flags: string | number): number {
  if (typeof flags === 'number') return flags
  const { O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_TRUNC } = constants
  let bits = flags.includes('+') ? O_RDWR : /[wa]/.test(flags) ? O_WRONLY : O_RDONLY
  if (flags.includes('a')) bits |= O_APPEND
  if (flags.includes('w')) bits |= O_TRUNC
  return bits
}
