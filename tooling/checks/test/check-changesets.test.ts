import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { checkChangesets } from '../src/check-changesets.ts'
import { goodPackage, layOut } from './bad-workspace.ts'

const dir = useTempDir()

function check(changeset: string): readonly string[] {
  const { packages } = layOut(dir(), { ...goodPackage('packages/base'), '.changeset/one.md': changeset })
  return checkChangesets(dir(), packages).map(({ message }) => message)
}

test.each([
  ['one package', "---\n'@holdfast/base': minor\n---\n\nAdd a thing\n\nIt was missing.\n"],
  ['no package, for a change nobody sees', '---\n---\n\nMove a file\n'],
])('checkChangesets() accepts %s', (_title, changeset) => {
  expect(check(changeset)).toEqual([])
})

test.each([
  ['no header', 'Add a thing\n', 'Expected a header between two lines of ---'],
  [
    'a header that is not YAML',
    "---\n'@holdfast/base: minor\n---\n\nAdd\n",
    'Expected the header to map packages to patch, minor or major',
  ],
  [
    'an unknown package',
    "---\n'@holdfast/gone': minor\n---\n\nAdd\n",
    "'@holdfast/gone' is not a package of this workspace",
  ],
  ['an unknown bump', "---\n'@holdfast/base': big\n---\n\nAdd\n", "'@holdfast/base' has the bump 'big'"],
  ['no text', "---\n'@holdfast/base': minor\n---\n\n", 'Say what changed and why'],
  [
    'a large heading',
    "---\n'@holdfast/base': minor\n---\n\n# Add\n",
    'Use no heading above ####: the text is placed inside a changelog',
  ],
])('checkChangesets() finds a changeset with %s', (_title, changeset, message) => {
  expect(check(changeset)).toEqual([message])
})
