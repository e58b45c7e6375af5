import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface RecordFile {
  /** Relative to the record, with `/`. */
  readonly name: string
  readonly path: string
  readonly size: number
  readonly mtimeMs: number
}

/** The files of a record that count: `.fcl` at any depth and `.txt` at the top, sorted by name. Symbolic links are followed. */
export async function listRecordFiles(directory: string): Promise<RecordFile[]> {
  const files: RecordFile[] = []
  for (const name of await listRecordNames(directory)) {
    const path = join(directory, name)
    const { size, mtimeMs } = await stat(path)
    files.push({ name, path, size, mtimeMs })
  }
  return files
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
