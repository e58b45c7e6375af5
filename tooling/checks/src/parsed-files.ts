import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ParsedSource, parseSource } from './parse-source.ts'
import { listSources, type WorkspacePackage } from './workspace.ts'

export interface ParsedFile extends ParsedSource {
  readonly package: WorkspacePackage
  /** Relative to the package. */
  readonly path: string
  /** Relative to the root of the workspace. */
  readonly where: string
  readonly kind: 'source' | 'test'
  readonly lineCount: number
}

/** Reads every source and test file of the packages once, for all checks. */
export function parsePackages(packages: readonly WorkspacePackage[]): readonly ParsedFile[] {
  return packages.flatMap((pkg) => [
    ...parseFolder(pkg, 'src', 'source'),
    ...parseFolder(pkg, 'bin', 'source'),
    ...parseFolder(pkg, 'demo', 'test'),
    ...parseFolder(pkg, 'test', 'test'),
  ])
}

function parseFolder(pkg: WorkspacePackage, folder: string, kind: 'source' | 'test'): readonly ParsedFile[] {
  return listSources(pkg.path, folder).map((path) => {
    const text = readFileSync(join(pkg.path, path), 'utf8')
    const where = `${pkg.folder}/${path}`
    return { ...parseSource(where, text), package: pkg, path, where, kind, lineCount: text.split('\n').length }
  })
}
