import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { eachInOrder } from './each-in-order.js'

export interface RecordFile {
  /** Relative to the record, with `/`. */
  readonly name: string
  readonly path: string
  readonly size: number
  readonly mtimeMs: number
}

/** The files of a record that count: `.fcl` at any depth and `.txt` at the top, sorted by name. Symbolic links are followed. */
export async function listRecordFiles(directory: string): Promise<RecordFile[]> {
  return eachInOrder(await listRecordNames(directory), async (name) => {
    const path = join(directory, name)
    const { size, mtimeMs } = await stat(path)
    return { name, path, size, mtimeMs }
  })
}

/** Only their names, which costs little also for thousands of records on a network disk. */
export async function listRecordNames(directory: string): Promise<string[]> {
  const names: string[] = []
  await collect(directory, '', [])
  return names.sort()

  async function collect(folder: string, prefix: string, parents: readonly string[]): Promise<void> {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      const kind = await kindOf(entry, path)
      if (kind === 'folder') {
        const real = await realpath(path)
        if (!parents.includes(real)) await collect(path, `${prefix}${entry.name}/`, [...parents, real])
      } else if (kind === 'file' && (entry.name.endsWith('.fcl') || (prefix === '' && entry.name.endsWith('.txt')))) {
        names.push(prefix + entry.name)
      }
    }
  }
}

async function kindOf(entry: Dirent, path: string): Promise<'file' | 'folder' | 'other'> {
  const found = entry.isSymbolicLink() ? await stat(path) : entry
  return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'other'
}
