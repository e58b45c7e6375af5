import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Packages of Debian, unpacked without root into `node_modules/.cache/<name>` of the repository. Several test files may do this at once: each unpacks
 * for itself, and the first one's folder stays.
 *
 * @returns the folder that stands for `/`
 * @throws Error when they cannot be had
 */
export function unpackDebianPackages(name: string, packages: readonly string[]): string {
  const cache = join(findRepository(), 'node_modules/.cache', name)
  if (!existsSync(cache)) {
    mkdirSync(join(cache, '..'), { recursive: true })
    const folder = mkdtempSync(`${cache}-`)
    try {
      download(folder, packages)
      for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.deb'))) {
        execFileSync('dpkg', ['-x', join(folder, file), join(folder, 'root')], { stdio: 'pipe' })
      }
      renameSync(folder, cache)
    } catch (cause) {
      rmSync(folder, { recursive: true, force: true })
      if (!existsSync(cache))
        throw new Error(`No ${packages[0]} in PATH, and Debian has none either: install it`, { cause })
    }
  }
  return join(cache, 'root')
}

/** Where its libraries are, in the form of LD_LIBRARY_PATH. */
export function libraryPath(root: string): string {
  return ['usr/lib', 'lib']
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.includes('linux-gnu'))
        .map((name) => join(folder, name)),
    )
    .join(':')
}

function download(folder: string, packages: readonly string[]): void {
  const get = (): Buffer => execFileSync('apt-get', ['download', ...packages], { cwd: folder, stdio: 'pipe' })
  try {
    get()
  } catch {
    // Without lists apt does not know where the packages are.
    execFileSync('apt-get', ['update'], { stdio: 'pipe' })
    get()
  }
}

function findRepository(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'pnpm-workspace.yaml'))) {
    const parent = join(folder, '..')
    if (parent === folder) throw new Error('This is not inside the repository')
    folder = parent
  }
  return folder
}
