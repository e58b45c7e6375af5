/** The least that anything durable has to do, with nothing around it. */
import { type FileHandle, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Temporary file, fsync, rename, fsync of the folder. */
export async function replaceBarely(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(`${path}.tmp`, 'w')
  await file.writeFile(bytes)
  await file.sync()
  await file.close()
  await rename(`${path}.tmp`, path)
  const folder = await open(dirname(path), 'r')
  await folder.sync()
  await folder.close()
}

/** One line more, and fdatasync. */
export async function appendBarely(file: FileHandle, line: string): Promise<void> {
  await file.write(line)
  await file.datasync()
}
