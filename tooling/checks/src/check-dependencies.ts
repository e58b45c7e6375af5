import { posix } from 'node:path'
import type { Finding } from './finding.ts'
import { objectMember } from './json.ts'
import type { ParsedFile } from './parsed-files.ts'
import { mayUse, type TierTable } from './tier-table.ts'
import type { WorkspacePackage } from './workspace.ts'

/** Holds imports and manifests of libraries and apps against the tier table. */
export function checkDependencies(
  packages: readonly WorkspacePackage[],
  files: readonly ParsedFile[],
  table: TierTable,
): readonly Finding[] {
  const byName = new Map(packages.map((pkg) => [pkg.name, pkg]))
  return [
    ...packages.flatMap((pkg) => checkManifest(pkg, byName, table)),
    ...files.flatMap((file) => checkFile(file, byName, table)),
    ...packages.flatMap((pkg) => checkUnused(pkg, files)),
  ]
}

function checkManifest(
  pkg: WorkspacePackage,
  byName: ReadonlyMap<string, WorkspacePackage>,
  table: TierTable,
): readonly Finding[] {
  if (pkg.group === 'tooling') return []
  const where = `${pkg.folder}/package.json`
  if (!table.packages.has(pkg.folder))
    return [{ rule: 'tier-missing', where, message: 'The tier table has no row for this package' }]
  return Object.keys(objectMember(pkg.manifest, 'dependencies')).flatMap((name) => {
    const target = byName.get(name)
    return target === undefined ? [] : checkDirection(pkg, target, where, table)
  })
}

function checkFile(
  file: ParsedFile,
  byName: ReadonlyMap<string, WorkspacePackage>,
  table: TierTable,
): readonly Finding[] {
  const declared = objectMember(file.package.manifest, 'dependencies')
  const declaredForTests = objectMember(file.package.manifest, 'devDependencies')
  return file.references.flatMap(({ specifier, line }): readonly Finding[] => {
    const where = `${file.where}:${line}`
    if (specifier.startsWith('.')) {
      const target = posix.join(posix.dirname(file.path), specifier)
      return target.startsWith('../')
        ? [{ rule: 'relative-escape', where, message: `'${specifier}' leaves the package; import it by name` }]
        : []
    }
    const name = packageNameOf(specifier)
    if (name === undefined) return []
    const isDeclared =
      name in declared || (file.kind === 'test' && name in declaredForTests) || name === file.package.name
    const findings: Finding[] = isDeclared
      ? []
      : [{ rule: 'undeclared-dependency', where, message: `'${name}' is not in this package's manifest` }]
    const target = byName.get(name)
    if (target === undefined) return findings
    if (!exportsSubpath(target, specifier.slice(name.length)))
      findings.push({ rule: 'deep-import', where, message: `'${specifier}' is not exported by '${name}'` })
    if (file.kind === 'source' && file.package.group !== 'tooling')
      findings.push(...checkDirection(file.package, target, where, table))
    return findings
  })
}

function checkDirection(
  from: WorkspacePackage,
  to: WorkspacePackage,
  where: string,
  table: TierTable,
): readonly Finding[] {
  const tier = table.packages.get(from.folder)
  if (tier === undefined || from.folder === to.folder || mayUse(tier, to.folder)) return []
  const reason =
    to.group === 'packages'
      ? `tier ${tier.tier} may use ${tier.mayUse.join(', ') || 'only Node'}`
      : 'only libraries may be used'
  return [{ rule: 'tier-direction', where, message: `${from.folder} must not use ${to.folder}: ${reason}` }]
}

function checkUnused(pkg: WorkspacePackage, files: readonly ParsedFile[]): readonly Finding[] {
  if (pkg.group === 'tooling') return []
  const used = new Set(
    files
      .filter((file) => file.package === pkg && file.kind === 'source')
      .flatMap((file) => file.references.map(({ specifier }) => packageNameOf(specifier))),
  )
  return Object.keys(objectMember(pkg.manifest, 'dependencies'))
    .filter((name) => !used.has(name))
    .map((name) => ({
      rule: 'unused-dependency',
      where: `${pkg.folder}/package.json`,
      message: `'${name}' is a dependency and nothing in src or bin imports it`,
    }))
}

/** `@scope/name/sub` is `@scope/name`; nothing for Node's own modules and paths. */
function packageNameOf(specifier: string): string | undefined {
  if (/^(node:|[a-z]+:\/\/|#|\/)/.test(specifier)) return undefined
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function exportsSubpath(target: WorkspacePackage, rest: string): boolean {
  return `.${rest}` in objectMember(target.manifest, 'exports')
}
