import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { checkShape, findLongSources } from '../src/check-shape.ts'
import { goodPackage, layOut, manifest } from './bad-workspace.ts'

const dir = useTempDir()

function check(files: Readonly<Record<string, string>>): readonly string[] {
  const parsed = layOut(dir(), files)
  return checkShape(parsed.packages, parsed.files).map(({ rule, where, message }) => `${rule} ${where} ${message}`)
}

const GOOD = { ...goodPackage('packages/base'), ...goodPackage('packages/left', ['@holdfast/base']) }

test('checkShape() finds nothing wrong with a package in the common shape', () => {
  expect(check(GOOD)).toEqual([])
})

test('checkShape() finds the files a package lacks', () => {
  const { 'packages/base/README.md': _readme, 'packages/base/test/exports.test.ts': _test, ...rest } = GOOD
  expect(check(rest)).toEqual([
    'missing-file packages/base/README.md Every package has this file',
    'missing-file packages/base/test/exports.test.ts Every package has this file',
  ])
})

test.each([
  ['another name', { name: '@holdfast/other' }, "name is '@holdfast/other' and not that of the folder"],
  ['no license', { license: undefined }, 'license must be MIT'],
  ['an older Node', { engines: { node: '>=20' } }, 'engines.node must be >=24'],
  ['no build in the tarball', { files: ['src'] }, 'files must contain dist'],
  [
    'a bin that is not committed',
    { bin: { a: './bin/a.js' } },
    "bin 'a' is missing; commit it, since it is linked before the build",
  ],
])('checkShape() finds a manifest with %s', (_title, change, message) => {
  const files = { ...goodPackage('packages/base'), 'packages/base/package.json': manifest('base', [], change) }
  expect(check(files)).toEqual([`manifest packages/base/package.json ${message}`])
})

test('checkShape() finds an export without types and one without a source', () => {
  const exports = {
    '.': { default: './dist/index.js' },
    './gone': { types: './dist/gone.d.ts', default: './dist/gone.js' },
    './package.json': './package.json',
  }
  expect(check({ ...GOOD, 'packages/base/package.json': manifest('base', [], { exports }) })).toEqual([
    "manifest packages/base/package.json exports['.'] must have the types of its default",
    "manifest packages/base/package.json exports['./gone'] is not built from 'src/gone.ts', which is missing",
  ])
})

test('checkShape() finds a version that is not from the catalog', () => {
  const files = { ...GOOD, 'packages/base/package.json': manifest('base', [], { devDependencies: { zod: '^4.0.0' } }) }
  expect(check(files)).toEqual([
    "catalog packages/base/package.json devDependencies has 'zod' at '^4.0.0'; versions live in the catalog of pnpm-workspace.yaml",
  ])
})

test('checkShape() finds a dependency that the README does not explain', () => {
  expect(check({ ...GOOD, 'packages/left/README.md': '# left' })).toEqual([
    "dependency-reason packages/left/README.md Give a one-line reason for the dependency '@holdfast/base'",
  ])
})

test('checkShape() finds project references that differ from the dependencies', () => {
  const files = {
    ...GOOD,
    'packages/base/tsconfig.json': '{ "references": [{ "path": "../left" }] }',
    'packages/left/tsconfig.json': '{}',
  }
  expect(check(files)).toEqual([
    'project-references packages/base/tsconfig.json references packages/left, which is not a dependency',
    'project-references packages/left/tsconfig.json has no reference to packages/base, which is a dependency',
  ])
})

test('checkShape() finds what does not belong into index.ts', () => {
  const index =
    "export * from './x.js'\nexport default 1\nexport const y = 2\nimport './x.js'\nexport type { X } from './x.js'\n"
  expect(check({ ...GOOD, 'packages/base/src/index.ts': index })).toEqual([
    'index packages/base/src/index.ts:1 Export each name by itself; `export *` hides the API',
    'index packages/base/src/index.ts:2 Export by name; there are no default exports',
    'index packages/base/src/index.ts:3 index.ts holds re-exports only',
    'index packages/base/src/index.ts:4 index.ts holds re-exports only',
  ])
})

test('findLongSources() names sources over the limit and leaves tests alone', () => {
  const long = '// a line\n'.repeat(400)
  const { files } = layOut(dir(), {
    ...GOOD,
    'packages/base/src/long.ts': long,
    'packages/base/test/long.test.ts': long,
  })
  expect(findLongSources(files).map(({ where }) => where)).toEqual(['packages/base/src/long.ts'])
})
