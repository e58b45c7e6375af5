import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Programs of Debian, unpacked into a folder and not installed. */
export interface UnpackedPackages {
  /** Stands for `/`. */
  readonly root: string
  /** For `LD_LIBRARY_PATH`. */
  readonly libraries: string
}

/**
 * A package of Debian and all it needs that this machine lacks, unpacked without root into `node_modules/.cache`; the machine itself stays as it is. Several
 * test files may do this at once: each unpacks for itself, and the first one's folder stays.
 *
 * @throws Error where there is no apt, or it does not know the package
 */
export function unpackDebianPackage(name: string): UnpackedPackages {
  const cache = join(findRepository(), `node_modules/.cache/holdfast-${name}`)
  if (!existsSync(cache)) {
    mkdirSync(join(cache, '..'), { recursive: true })
    const folder = mkdtempSync(`${cache}-`)
    try {
      download(name, folder)
      for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.deb'))) {
        execFileSync('dpkg', ['-x', join(folder, file), join(folder, 'root')], { stdio: 'pipe' })
        rmSync(join(folder, file))
      }
      renameSync(folder, cache)
    } catch (cause) {
      rmSync(folder, { recursive: true, force: true })
      if (!existsSync(cache)) throw new Error(`Debian's package '${name}' cannot be had: install it`, { cause })
    }
  }
  const root = join(cache, 'root')
  const folders = globSync(['usr/lib/*-linux-gnu', 'usr/lib/*-linux-gnu/pulseaudio', 'lib/*-linux-gnu'], { cwd: root })
  return { root, libraries: folders.map((folder) => join(root, folder)).join(':') }
}

function download(name: string, folder: string): void {
  const get = (): void => {
    const plan = apt(['-s', 'install', '--no-install-recommends', name], folder)
    const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, found]) => found ?? name)
    apt(['download', ...new Set([name, ...missing])], folder)
  }
  try {
    get()
  } catch {
    // Without lists apt does not know where the packages are.
    apt(['update'], folder)
    get()
  }
}

function apt(args: readonly string[], cwd: string): string {
  return execFileSync('apt-get', ['-qq', ...args], { cwd, stdio: 'pipe', encoding: 'utf8' })
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
