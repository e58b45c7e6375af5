import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { checkDurability } from '../src/check-durability.ts'
import type { FileSystemAllowance } from '../src/tier-table.ts'
import { goodPackage, layOut, TABLE } from './bad-workspace.ts'

const dir = useTempDir()

function check(
  path: string,
  source: string,
  fileSystemAllowances: readonly FileSystemAllowance[] = [],
): readonly string[] {
  const base = goodPackage('packages/base')
  const left = goodPackage('packages/left')
  const { files } = layOut(dir(), { ...base, ...left, [path]: source })
  return checkDurability(files, { ...TABLE, fileSystemAllowances }).map(({ rule, where }) => `${rule} ${where}`)
}

const BAD = 'packages/left/src/bad.ts'

test.each([
  ['rename', "import { rename } from 'node:fs/promises'\n"],
  ['a synchronous write', "import { writeFileSync } from 'node:fs'\n"],
  ['a renamed import', "import { unlink as drop } from 'fs'\n"],
  ['a namespace', "import * as fs from 'node:fs'\n"],
  ['a default import', "import fs from 'node:fs/promises'\n"],
  ['the promises member', "import { promises } from 'node:fs'\n"],
  ['a dynamic import', "export const fs = await import('node:fs')\n"],
  ['require', "const fs = require('node:fs')\n"],
  ['datasync of a handle', 'export const f = (h: { datasync(): void }) => h.datasync()\n'],
  ['sync of a handle', 'export const f = (h: { sync(): void }) => h.sync()\n'],
])('checkDurability() finds %s outside of the owner', (_title, source) => {
  expect(check(BAD, source)).toEqual([`file-system ${BAD}:1`])
})

test.each([
  ['reading', BAD, "import { readFile, stat } from 'node:fs/promises'\n"],
  ['types', BAD, "import type * as fs from 'node:fs'\n"],
  ['the owner', 'packages/base/src/bad.ts', "import { rename } from 'node:fs/promises'\n"],
  ['tests', 'packages/left/test/a.test.ts', "import { writeFileSync } from 'node:fs'\n"],
])('checkDurability() does not object to %s', (_title, path, source) => {
  expect(check(path, source)).toEqual([])
})

test('checkDurability() lets an allowance through for its file and names only', () => {
  const source = "import { openSync, renameSync } from 'node:fs'\n"
  const allowance = { file: BAD, names: ['openSync'], reason: 'it is read only' }
  expect(check(BAD, source, [allowance])).toEqual([`file-system ${BAD}:1`])
})

test('checkDurability() finds an allowance that nothing needs any more', () => {
  const allowance = { file: BAD, names: ['openSync'], reason: 'it was read only' }
  expect(check(BAD, '', [allowance])).toEqual([`stale-allowance ${BAD}`])
})
