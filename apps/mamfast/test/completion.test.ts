/** Completion in a real bash: the script is sourced, and the function that `complete` was given is called as Tab calls it. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BIN, bash, failedEntry, layOut, processedEntry, quote, runHere } from './support.js'

const tempDir = useTempDir()

/** The command and its script, as an operator has them. */
let installed: string

beforeAll(async () => {
  installed = mkdtempSync(join(tmpdir(), 'holdfast-completion-'))
  symlinkSync(BIN, join(installed, 'mamfast'))
  writeFileSync(join(installed, 'completion.bash'), (await runHere(['completion', 'bash'])).stdout)
})
afterAll(() => rmSync(installed, { recursive: true }))

/** What Tab offers after these words, the last being the one under the cursor. */
async function completeInBash(words: readonly string[], path: string): Promise<string[]> {
  const line = `unset -f mamfast; source ${quote(join(installed, 'completion.bash'))}
[[ $(complete -p mamfast) == 'complete -F _mamfast mamfast' ]] || exit 9
COMP_WORDS=(mamfast ${words.map(quote).join(' ')}); COMP_CWORD=${words.length}
_mamfast mamfast ${quote(words.at(-1) ?? '')} ${quote(words.at(-2) ?? 'mamfast')}
for reply in "\${COMPREPLY[@]}"; do printf '%s\\n' "$reply"; done`
  const PATH = [installed, dirname(process.execPath), process.env.PATH].join(delimiter)
  const { code, stdout, stderr } = await bash(line, { cwd: tempDir(), env: { PATH, MAMFAST_DATA_DIR: dirname(path) } })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.split('\n').filter((word) => word !== '')
}

function someReleases(): string {
  return layOut(tempDir(), {
    processed: {
      B0DONE: processedEntry({ infohash: 'abc123' }),
      '/srv/a b': processedEntry(),
      'evil\nid': processedEntry(),
    },
    failed: { B0FAIL: failedEntry() },
  })
}

describe('in bash, Tab offers', () => {
  test.each([
    { words: [''], offered: ['state', 'completion', 'help'] },
    { words: ['sta'], offered: ['state'] },
    { words: ['state', 'c'], offered: ['clear', 'check', 'convert'] },
    { words: ['--dry-run', 'state', 'ex'], offered: ['export'] },
    { words: ['state', 'list', '--f'], offered: ['--failed'] },
    { words: ['state', 'list', '--dry'], offered: ['--dry-run'] },
    { words: ['state', 'list', '--status', 'ST'], offered: ['STAGED'] },
    { words: ['state', 'clear', '--stage', ''], offered: ['staged', 'metadata', 'torrent', 'uploaded'] },
    { words: ['state', 'export', '--format', '=', 'c'], offered: ['csv'] },
    { words: ['state', 'retry', 'B0'], offered: ['B0FAIL'] },
    { words: ['state', 'clear', 'B0DONE', ''], offered: ['B0FAIL', 'B0DONE', '/srv/a\\ b'] },
    { words: ['state', 'show', '--by-infohash', ''], offered: ['abc123'] },
    { words: ['completion', ''], offered: ['bash', 'zsh', 'fish'] },
    { words: ['state', 'list', 'x', ''], offered: [] },
  ])('after $words: $offered', async ({ words, offered }) => {
    const replies = await completeInBash(words, someReleases())
    expect(replies.sort()).toEqual([...offered].sort())
  })

  test('file names where a file is wanted', async () => {
    const path = someReleases()
    writeFileSync(join(tempDir(), 'export one.json'), '')
    expect(await completeInBash(['state', 'export', '-o', 'exp'], path)).toEqual(['export one.json'])
    expect(await completeInBash(['--state-file', 'sta'], path)).toEqual(['state'])
  })

  test('no ids, and no error, when the ledger is damaged', async () => {
    const path = someReleases()
    writeFileSync(path, '{')
    expect(await completeInBash(['state', 'clear', ''], path)).toEqual([])
  })
})

describe('for the other shells', () => {
  test.each([
    { shell: 'zsh', has: ['#compdef mamfast', 'compdef _mamfast mamfast', '${(@Q)words[2,CURRENT]}'] },
    { shell: 'fish', has: ["complete -c mamfast -f -a '(__mamfast_complete)'", 'commandline -opc'] },
  ])('$shell gets a script that asks the program', async ({ shell, has }) => {
    const { code, stdout } = await runHere(['completion', shell])
    expect(code).toBe(0)
    for (const part of has) expect(stdout).toContain(part)
    expect(stdout).toContain(`complete --shell ${shell} -- `)
    expect(stdout).not.toMatch(/@NAME@|@ID@|@\{/)
  })

  test('each line is a word and what it means', async () => {
    const { stdout } = await runHere(['complete', '--shell', 'fish', '--', 'state', 'sh'])
    expect(stdout).toBe('show\tshow all that is known of releases\n')
  })
})
