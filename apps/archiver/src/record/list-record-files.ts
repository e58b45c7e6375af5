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
  await collect(directory, '', [])
  return files.sort((one, other) => (one.name < other.name ? -1 : 1))

  async function collect(folder: string, prefix: string, parents: readonly string[]): Promise<void> {
    const real = await realpath(folder)
    if (parents.includes(real)) return
    for (const name of await readdir(folder)) {
      const path = join(folder, name)
      const status = await stat(path)
      if (status.isDirectory()) await collect(path, `${prefix}${name}/`, [...parents, real])
      else if (status.isFile() && (name.endsWith('.fcl') || (prefix === '' && name.endsWith('.txt')))) {
        files.push({ name: prefix + name, path, size: status.size, mtimeMs: status.mtimeMs })
      }
    }
  }
}
