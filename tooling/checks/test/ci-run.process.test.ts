/** `.ci/run` with a stand-in for npx: whatever happens, the last line is the sum and the exit code tells whether something failed. */
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { runCommand } from '../src/run-command.ts'

const CI_RUN = join(import.meta.dirname, '../../../.ci/run')
const dir = useTempDir()

async function runCi(
  install: string,
  tests: string,
): Promise<{ readonly code: number | undefined; readonly last: string }> {
  mkdirSync(join(dir(), 'repository/.ci'), { recursive: true })
  mkdirSync(join(dir(), 'bin'))
  cpSync(CI_RUN, join(dir(), 'repository/.ci/run'))
  const npx = `#!/bin/sh\ncase "$*" in\n  *'install --frozen-lockfile') ${install} ;;\n  *' test') ${tests} ;;\n  *) exit 99 ;;\nesac\n`
  writeFileSync(join(dir(), 'bin/npx'), npx)
  chmodSync(join(dir(), 'bin/npx'), 0o755)
  const env = { ...process.env, PATH: `${join(dir(), 'bin')}${delimiter}${process.env.PATH ?? ''}` }
  const signal = new AbortController().signal
  const { code, output } = await runCommand('bash', [join(dir(), 'repository/.ci/run')], { cwd: dir(), env, signal })
  return { code, last: output.trimEnd().split('\n').at(-1) ?? '' }
}

test.each([
  ['all pass', 'true', 'echo "3 passed, 0 failed"', 0, '3 passed, 0 failed'],
  [
    'a test fails and pnpm says so',
    'true',
    '(echo "2 passed, 1 failed"; echo ELIFECYCLE >&2; exit 1)',
    1,
    '2 passed, 1 failed',
  ],
  ['the run breaks off', 'true', '(echo "some test"; exit 137)', 137, '0 passed, 1 failed'],
  ['the run prints nothing', 'true', 'exit 2', 2, '0 passed, 1 failed'],
  ['the install fails', 'exit 1', 'echo "3 passed, 0 failed"', 1, '0 passed, 1 failed'],
])('.ci/run ends with the sum when %s', async (_title, install, tests, code, last) => {
  expect(await runCi(install, tests)).toEqual({ code, last })
})
