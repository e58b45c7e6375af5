import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type JsonObject, readJsonObject } from './json.ts'

const GROUPS = ['packages', 'apps', 'tooling'] as const

export interface WorkspacePackage {
  /** Relative to the root, such as `packages/lock`. */
  readonly folder: string
  readonly group: (typeof GROUPS)[number]
  readonly path: string
  readonly name: string
  readonly manifest: JsonObject
  /** Someone outside the workspace can install it. */
  readonly publishable: boolean
}

/** Every folder with a manifest under packages, apps and tooling, sorted by folder. */
export function readWorkspace(root: string): readonly WorkspacePackage[] {
  return GROUPS.flatMap((group) => {
    if (!existsSync(join(root, group))) return []
    return readdirSync(join(root, group))
      .sort()
      .filter((name) => existsSync(join(root, group, name, 'package.json')))
      .map((name): WorkspacePackage => {
        const path = join(root, group, name)
        const manifest = readJsonObject(join(path, 'package.json'))
        return {
          folder: `${group}/${name}`,
          group,
          path,
          name: String(manifest.name),
          manifest,
          publishable: group !== 'tooling' && manifest.private !== true,
        }
      })
  })
}

/** Source files below a folder of a package, relative to the package, sorted; folders that builds make or fixtures fill are left out. */
export function listSources(packagePath: string, folder: string): readonly string[] {
  const base = join(packagePath, folder)
  if (!existsSync(base)) return []
  return readdirSync(base, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts|mjs|js)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(packagePath.length + 1))
    .filter((path) => !/(^|\/)(node_modules|dist|data)\//.test(path))
    .sort()
}
