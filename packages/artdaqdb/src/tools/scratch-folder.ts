/** Files on their way to or from the site's tools. They are copies: nothing is lost with them, and a crash leaves them to the next sweep. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseUnavailableError } from '../errors.js'

export interface ScratchFolder extends AsyncDisposable {
  readonly path: string
}

const PREFIX = 'holdfast-artdaqdb-'
const DAY_MS = 86_400_000

/** A folder that only this user can read; it is removed when it is disposed of. */
export async function makeScratchFolder(parent: string): Promise<ScratchFolder> {
  const path = await usable(parent, () => mkdtemp(join(parent, PREFIX)))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export async function writeScratchFile(folder: ScratchFolder, name: string, data: Uint8Array): Promise<void> {
  await usable(folder.path, async () => {
    await mkdir(folder.path, { recursive: true })
    await writeFile(join(folder.path, name), data, { mode: 0o600, flag: 'wx' })
  })
}

/** All regular files below the folder, by path relative to it; links are left out. */
export async function readScratchFiles(folder: ScratchFolder): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  await usable(folder.path, () => collect(''))
  return files

  async function collect(prefix: string): Promise<void> {
    for (const entry of await readdir(join(folder.path, prefix), { withFileTypes: true })) {
      const name = `${prefix}${entry.name}`
      if (entry.isDirectory()) await collect(`${name}/`)
      else if (entry.isFile()) files.set(name, await readFile(join(folder.path, name)))
    }
  }
}

/** Removes what killed processes left here, once it is a day old. */
export async function sweepScratchFolders(parent: string, nowMs: number): Promise<void> {
  const names = await readdir(parent).catch(() => [])
  for (const name of names) {
    if (!name.startsWith(PREFIX)) continue
    const path = join(parent, name)
    try {
      const { mtimeMs, uid } = await stat(path)
      if (nowMs - mtimeMs > DAY_MS && uid === process.getuid?.()) await rm(path, { recursive: true, force: true })
    } catch {
      // Somebody else removed it first, or owns it.
    }
  }
}

async function usable<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const hint = 'Free space there, mend its permissions, or set TMPDIR to another folder'
    throw new DatabaseUnavailableError('hand files to the tools in', path, reason, hint, cause)
  }
}
