import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { checkDependencies } from '../src/check-dependencies.ts'
import { goodPackage, layOut, manifest, TABLE } from './bad-workspace.ts'

const dir = useTempDir()

function check(files: Readonly<Record<string, string>>): readonly string[] {
  const parsed = layOut(dir(), files)
  return checkDependencies(parsed.packages, parsed.files, TABLE).map(({ rule, where }) => `${rule} ${where}`)
}

const GOOD = {
  ...goodPackage('packages/base'),
  ...goodPackage('packages/left', ['@holdfast/base']),
  ...goodPackage('packages/right', ['@holdfast/base']),
  ...goodPackage('apps/one', ['@holdfast/left']),
}

test('checkDependencies() finds nothing when every import points down the table', () => {
  expect(check(GOOD)).toEqual([])
})

test.each([
  ['a static import', "import { x } from '@holdfast/right'\n"],
  ['an import of types only', "import type { X } from '@holdfast/right'\n"],
  ['a re-export', "export { x } from '@holdfast/right'\n"],
  ['a dynamic import', "export const later = () => import('@holdfast/right')\n"],
  ['a type in an annotation', "export type X = import('@holdfast/right').X\n"],
  ['import.meta.resolve', "export const at = import.meta.resolve('@holdfast/right')\n"],
])('checkDependencies() finds a sibling used through %s', (_title, source) => {
  expect(check({ ...GOOD, 'packages/left/src/bad.ts': source })).toEqual([
    'undeclared-dependency packages/left/src/bad.ts:1',
    'tier-direction packages/left/src/bad.ts:1',
  ])
})

test('checkDependencies() finds an upward dependency that only the manifest has', () => {
  const upward = { ...GOOD, 'packages/base/package.json': manifest('base', ['@holdfast/left']) }
  expect(check(upward)).toEqual([
    'tier-direction packages/base/package.json',
    'unused-dependency packages/base/package.json',
  ])
})

test('checkDependencies() finds an app that imports an app', () => {
  const two = goodPackage('apps/two', ['@holdfast/one'])
  expect(check({ ...GOOD, ...two })).toEqual([
    'tier-direction apps/two/package.json',
    'tier-direction apps/two/src/x.ts:1',
  ])
})

test('checkDependencies() finds relative paths out of the package, also in tests and in URLs', () => {
  const escapes = {
    'packages/left/src/bad.ts': "import { x } from '../../base/src/x.js'\n",
    'packages/left/test/bad.test.ts': "\nnew URL('../../base/dist/x.js', import.meta.url)\n",
  }
  expect(check({ ...GOOD, ...escapes })).toEqual([
    'relative-escape packages/left/src/bad.ts:1',
    'relative-escape packages/left/test/bad.test.ts:2',
  ])
})

test('checkDependencies() takes a bare name in a URL for a file', () => {
  const child = { 'packages/left/test/a.test.ts': "new URL('fixtures/child.mjs', import.meta.url)\n" }
  expect(check({ ...GOOD, ...child })).toEqual([])
})

test('checkDependencies() finds an import of what a package does not export', () => {
  const deep = { 'packages/left/src/bad.ts': "import { x } from '@holdfast/base/dist/x.js'\n" }
  expect(check({ ...GOOD, ...deep })).toEqual(['deep-import packages/left/src/bad.ts:1'])
})

test('checkDependencies() lets tests use what is declared for tests, and sources not', () => {
  const files = {
    ...GOOD,
    'packages/left/package.json': manifest('left', ['@holdfast/base'], { devDependencies: { vitest: 'catalog:' } }),
    'packages/left/test/a.test.ts': "import { test } from 'vitest'\n",
    'packages/left/src/bad.ts': "import { test } from 'vitest'\n",
  }
  expect(check(files)).toEqual(['undeclared-dependency packages/left/src/bad.ts:1'])
})

test('checkDependencies() finds a package the table does not know', () => {
  expect(check({ ...GOOD, ...goodPackage('packages/new') })).toEqual(['tier-missing packages/new/package.json'])
})
