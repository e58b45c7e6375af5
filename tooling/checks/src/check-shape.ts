import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { Finding } from './finding.ts'
import { isObject, objectMember, stringsMember } from './json.ts'
import type { ParsedFile } from './parsed-files.ts'
import type { WorkspacePackage } from './workspace.ts'

const LONGEST_SOURCE = 300

/** Every library and app has the same shape: manifest, README, index of named re-exports, snapshot of the exported names. */
export function checkShape(packages: readonly WorkspacePackage[], files: readonly ParsedFile[]): readonly Finding[] {
  const byName = new Map(packages.map((pkg) => [pkg.name, pkg]))
  return [
    ...packages.flatMap((pkg) => checkVersions(pkg)),
    ...packages
      .filter((pkg) => pkg.group !== 'tooling')
      .flatMap((pkg) => [
        ...checkManifest(pkg),
        ...checkFolder(pkg),
        ...checkReasons(pkg),
        ...checkReferences(pkg, byName),
      ]),
    ...files.flatMap((file) => checkIndex(file)),
  ]
}

/** Source files that deserve a hard look; printed, not counted. */
export function findLongSources(files: readonly ParsedFile[]): readonly Finding[] {
  return files
    .filter((file) => file.kind === 'source' && file.lineCount > LONGEST_SOURCE)
    .map((file) => ({
      rule: 'long-file',
      where: file.where,
      message: `${file.lineCount} lines; over ${LONGEST_SOURCE} deserve a second look`,
    }))
}

function checkVersions(pkg: WorkspacePackage): readonly Finding[] {
  const fields = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']
  return fields.flatMap((field) =>
    Object.entries(objectMember(pkg.manifest, field))
      .filter(([, version]) => !/^(catalog:|workspace:)/.test(String(version)))
      .map(([name, version]) => ({
        rule: 'catalog',
        where: `${pkg.folder}/package.json`,
        message: `${field} has '${name}' at '${String(version)}'; versions live in the catalog of pnpm-workspace.yaml`,
      })),
  )
}

function checkManifest(pkg: WorkspacePackage): readonly Finding[] {
  const { manifest } = pkg
  const exports = objectMember(manifest, 'exports')
  const wrong: string[] = []
  const expect = (condition: boolean, message: string): void => {
    if (!condition) wrong.push(message)
  }
  expect(pkg.name === `@holdfast/${posix.basename(pkg.folder)}`, `name is '${pkg.name}' and not that of the folder`)
  expect(typeof manifest.version === 'string', 'version is missing')
  expect(typeof manifest.description === 'string' && manifest.description !== '', 'description is missing')
  expect(manifest.license === 'MIT', 'license must be MIT')
  expect(manifest.type === 'module', 'type must be module')
  expect(objectMember(manifest, 'engines').node === '>=24', 'engines.node must be >=24')
  expect(!pkg.publishable || stringsMember(manifest, 'files').includes('dist'), 'files must contain dist')
  expect(exports['./package.json'] === './package.json', 'exports must contain ./package.json')
  expect('.' in exports, 'exports must contain .')
  for (const [subpath, target] of Object.entries(exports)) {
    if (subpath === './package.json') continue
    const [types, code] = isObject(target) ? [target.types, target.default] : [undefined, undefined]
    const source = String(code).replace('./dist/', 'src/').replace(/\.js$/, '.ts')
    expect(/^\.\/dist\/.+\.js$/.test(String(code)), `exports['${subpath}'] must have a default below ./dist/`)
    expect(types === String(code).replace(/\.js$/, '.d.ts'), `exports['${subpath}'] must have the types of its default`)
    expect(existsSync(join(pkg.path, source)), `exports['${subpath}'] is not built from '${source}', which is missing`)
  }
  for (const [name, file] of Object.entries(objectMember(manifest, 'bin')))
    expect(
      existsSync(join(pkg.path, String(file))),
      `bin '${name}' is missing; commit it, since it is linked before the build`,
    )
  return wrong.map((message) => ({ rule: 'manifest', where: `${pkg.folder}/package.json`, message }))
}

function checkFolder(pkg: WorkspacePackage): readonly Finding[] {
  return ['README.md', 'src/index.ts', 'test/exports.test.ts']
    .filter((file) => !existsSync(join(pkg.path, file)))
    .map((file) => ({ rule: 'missing-file', where: `${pkg.folder}/${file}`, message: 'Every package has this file' }))
}

/** A reader of the README learns why the package needs what it installs. */
function checkReasons(pkg: WorkspacePackage): readonly Finding[] {
  const where = `${pkg.folder}/README.md`
  if (!existsSync(join(pkg.path, 'README.md'))) return []
  const text = readFileSync(join(pkg.path, 'README.md'), 'utf8')
  return Object.keys(objectMember(pkg.manifest, 'dependencies'))
    .filter((name) => !text.includes(name))
    .map((name) => ({
      rule: 'dependency-reason',
      where,
      message: `Give a one-line reason for the dependency '${name}'`,
    }))
}

/** `tsc -b` in one folder only builds what the folder's references name. */
function checkReferences(pkg: WorkspacePackage, byName: ReadonlyMap<string, WorkspacePackage>): readonly Finding[] {
  const where = `${pkg.folder}/tsconfig.json`
  const config: unknown = JSON.parse(readFileSync(join(pkg.path, 'tsconfig.json'), 'utf8'))
  const rows = isObject(config) && Array.isArray(config.references) ? config.references.filter(isObject) : []
  const referenced = new Set(rows.map((row) => posix.join(pkg.folder, String(row.path))))
  const needed = new Set(
    Object.keys(objectMember(pkg.manifest, 'dependencies')).flatMap((name) => byName.get(name)?.folder ?? []),
  )
  return [
    ...[...needed.difference(referenced)].map((folder) => `has no reference to ${folder}, which is a dependency`),
    ...[...referenced.difference(needed)].map((folder) => `references ${folder}, which is not a dependency`),
  ].map((message) => ({ rule: 'project-references', where, message }))
}

function checkIndex(file: ParsedFile): readonly Finding[] {
  if (file.path !== 'src/index.ts' || file.package.group === 'tooling') return []
  const at = (lines: readonly number[], message: string): readonly Finding[] =>
    lines.map((line) => ({ rule: 'index', where: `${file.where}:${line}`, message }))
  return [
    ...at(file.exportAll, 'Export each name by itself; `export *` hides the API'),
    ...at(file.exportDefault, 'Export by name; there are no default exports'),
    ...at(
      file.ownStatements.filter((line) => !file.exportDefault.includes(line)),
      'index.ts holds re-exports only',
    ),
  ]
}
