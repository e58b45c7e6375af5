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

/**
 * Source files below a folder of a package, relative to the package, sorted. What a build makes is left out, and so is a folder with a manifest
 * of its own, which is another project.
 */
export function listSources(packagePath: string, folder: string): readonly string[] {
  const path = join(packagePath, folder)
  if (!existsSync(path) || existsSync(join(path, 'package.json'))) return []
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inside = join(folder, entry.name)
      if (entry.isDirectory()) return NOT_SOURCE.has(entry.name) ? [] : listSources(packagePath, inside)
      return /\.(ts|mts|mjs|js)$/.test(entry.name) ? [inside] : []
    })
}

const NOT_SOURCE: ReadonlySet<string> = new Set(['node_modules', 'dist'])
