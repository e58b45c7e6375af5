import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { BIN, failedEntry, fingerprint, layOut, mamfast, processedEntry, readLedger, runHere } from './support.js'

const tempDir = useTempDir()

describe('wrong usage ends with 2, says what is wrong, and prints no result', () => {
  test.each([
    { args: [], says: 'A command is missing' },
    { args: ['state'], says: 'A command is missing' },
    { args: ['stat'], says: "unknown command 'stat'" },
    { args: ['state', 'lst'], says: 'Did you mean list?' },
    { args: ['state', 'list', '--nothing'], says: "unknown option '--nothing'" },
    { args: ['state', 'list', 'B0A'], says: 'too many arguments' },
    { args: ['state', 'list', '--limit', '-1'], says: '0 or more' },
    { args: ['state', 'list', '--limit', 'ten'], says: '0 or more' },
    { args: ['state', 'list', '--status', 'DONE'], says: 'DISCOVERED, STAGED' },
    { args: ['state', 'list', '--since', 'yesterday'], says: '2026-03-01' },
    { args: ['state', 'prune', '--failed-older-than', 'long'], says: '30d' },
    { args: ['state', 'retry'], says: "missing required argument 'id'" },
    { args: ['state', 'clear'], says: "missing required argument 'id'" },
    { args: ['state', 'clear', 'B0A', '--stage', 'shipped'], says: 'staged, metadata, torrent, uploaded' },
    { args: ['state', 'export', '--format', 'xml'], says: 'json, csv' },
    { args: ['state', 'merge', 'B0A'], says: '--into' },
    { args: ['state', 'list', '--state-file', ''], says: 'must not be empty' },
    { args: ['completion', 'tcsh'], says: 'bash, zsh, fish' },
  ])('$args', async ({ args, says }) => {
    const { code, stdout, stderr } = await runHere(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^mamfast: /)
    expect(stderr).toContain(says)
    expect(stderr).not.toContain('    at ')
  })

  test.each([['--help'], ['state', '--help'], ['state', 'list', '--help'], ['help', 'state'], ['--version']])(
    '%s %s %s is no error',
    async (...args) => {
      const { code, stdout, stderr } = await runHere(args.filter((arg) => arg !== undefined))
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(args.includes('--version') ? /^\d+\.\d+\.\d+\n$/ : /--dry-run/)
    },
  )
})

test('the real command passes the exit code on', async () => {
  expect(await mamfast(['state', 'lst'])).toMatchObject({ code: 2, stdout: '' })
})

describe('a damaged ledger', () => {
  const good = JSON.stringify({ failed: { B0B: failedEntry() }, processed: { B0A: processedEntry() }, version: 2 })

  test.each([
    { name: 'cut', bytes: Buffer.from(good.slice(0, 100)) },
    { name: 'empty', bytes: Buffer.alloc(0) },
    { name: 'not UTF-8', bytes: Buffer.from([0x7b, 0xff, 0x7d]) },
    { name: 'no object', bytes: Buffer.from('[1]') },
  ])('that is $name is shown from its backup, and repaired by the first change', async ({ bytes }) => {
    const path = layOut(tempDir())
    writeFileSync(path, bytes)
    writeFileSync(`${path}.bak`, good)
    const before = fingerprint(tempDir())
    const listed = await mamfast(['state', 'list', '-s', path])
    expect(listed.code).toBe(0)
    expect(listed.stdout).toContain('  Processed: 1\n  Failed: 1\n')
    expect(listed.stderr).toContain(`'${path}.bak' is used instead`)
    expect(fingerprint(tempDir())).toEqual(before)
    const retried = await mamfast(['state', 'retry', 'B0B', '-s', path])
    expect(retried.code).toBe(0)
    expect(retried.stderr).toContain('was restored from')
    expect(readLedger(path)).toMatchObject({ processed: { B0A: {} }, failed: {} })
    const aside = readdirSync(dirname(path)).filter((name) => name.startsWith('processed.json.corrupt-'))
    expect(aside.map((name) => readFileSync(join(dirname(path), name)))).toEqual([bytes])
  })

  test.each([['list'], ['export'], ['show', 'B0A'], ['prune'], ['retry', 'B0A'], ['clear', 'B0A']])(
    'without a backup ends %s %s with 1 and the steps out of it',
    async (...command) => {
      const path = layOut(tempDir())
      writeFileSync(path, good.slice(0, 100))
      const { code, stdout, stderr } = await mamfast([
        'state',
        ...command.filter((word) => word !== undefined),
        '-s',
        path,
      ])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^mamfast: '.*processed\.json' is damaged: .*\nPut a good copy of .* rm /)
      expect(readFileSync(path, 'utf8')).toBe(good.slice(0, 100))
    },
  )

  test('is a document, too, with --json', async () => {
    const path = layOut(tempDir())
    writeFileSync(path, '{')
    const { code, stdout } = await mamfast(['state', 'list', '--json', '-s', path])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ERR_STATE_CORRUPT' }, exitCode: 1 })
  })

  test('is found by check', async () => {
    const path = layOut(tempDir())
    writeFileSync(path, '{')
    const { code, stdout } = await mamfast(['state', 'check', '-s', path])
    expect(code).toBe(1)
    expect(stdout).toContain('[damaged]')
  })
})

describe('other files and programs', () => {
  test('a ledger of a newer program is refused and left as it is', async () => {
    const path = layOut(tempDir())
    writeFileSync(path, '{"failed":{},"processed":{},"version":3}')
    for (const command of [['list'], ['clear', 'B0A']]) {
      const { code, stderr } = await mamfast(['state', ...command, '-s', path])
      expect(code).toBe(1)
      expect(stderr).toMatch(/schema version 3.*\nUse the program that wrote it/)
    }
    expect(readFileSync(path, 'utf8')).toBe('{"failed":{},"processed":{},"version":3}')
  })

  test('a ledger that is not there is empty, and reading makes nothing', async () => {
    const path = join(tempDir(), 'nowhere', 'processed.json')
    const { code, stdout, stderr } = await mamfast(['state', 'list', '-s', path])
    expect(code).toBe(0)
    expect(stdout).toContain('  Processed: 0\n')
    expect(stderr).toBe(`mamfast: There is no '${path}' yet, so the ledger is empty\n`)
    expect(existsSync(dirname(path))).toBe(false)
  })

  test('a lock that another program holds ends a change with 1 and does not stop reading', async () => {
    const path = layOut(tempDir(), { processed: { B0A: processedEntry() } })
    const holder = spawn('flock', [`${path}.lock`, '-c', 'echo held; read -r _'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    onTestFinished(() => void holder.kill('SIGKILL'))
    await once(holder.stdout, 'data')
    const { code, stderr } = await mamfast(['state', 'clear', 'B0A', '--lock-timeout', '0.2', '-s', path])
    expect(code).toBe(1)
    expect(stderr).toMatch(/lock.*\n.*wait longer with --lock-timeout/)
    expect(await mamfast(['state', 'list', '-s', path])).toMatchObject({ code: 0 })
    expect(Object.keys(readLedger(path).processed)).toEqual(['B0A'])
    holder.stdin.end('\n')
    await once(holder, 'close')
    expect(await mamfast(['state', 'clear', 'B0A', '--lock-timeout', '5', '-s', path])).toMatchObject({ code: 0 })
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s while it waits for the lock ends it with 130, and nothing is changed',
    async (signal) => {
      const path = layOut(tempDir(), { processed: { B0A: processedEntry() } })
      const holder = spawn('flock', [`${path}.lock`, '-c', 'echo held; read -r _'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      onTestFinished(() => void holder.kill('SIGKILL'))
      await once(holder.stdout, 'data')
      const child = spawn(process.execPath, [BIN, '-v', 'state', 'clear', 'B0A', '-s', path], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      const closed = once(child, 'close')
      let stderr = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        // It has said where the ledger is, so it listens to signals.
        if (stderr === '') child.kill(signal)
        stderr += text
      })
      expect(await closed).toEqual([130, null])
      expect(stderr).toContain(`Interrupted by ${signal}`)
      expect(Object.keys(readLedger(path).processed)).toEqual(['B0A'])
    },
  )

  test('a path that is a folder', async () => {
    const { code, stderr } = await mamfast(['state', 'list', '-s', tempDir()])
    expect(code).toBe(1)
    expect(stderr).toContain(tempDir())
  })

  test('a message shows what is in a file without doing what it says', async () => {
    const path = join(tempDir(), 'a\u001b[31mb.json')
    writeFileSync(path, '{')
    const { stderr } = await mamfast(['state', 'list', '-s', path])
    expect(stderr).toContain('a\\u001b[31mb.json')
    expect(stderr).not.toContain('\u001b')
  })
})

describe('where the ledger is', () => {
  function configure(text: string, name: string = 'config/config.yaml'): string {
    const path = join(tempDir(), name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }

  test('--config names a configuration, whose relative paths start at the folder above its own', async () => {
    const path = layOut(tempDir(), { processed: { B0A: processedEntry() } })
    const config = configure('paths:\n  library_root: /x\n  state_file: state/processed.json\nmam: {}\n')
    const { stdout, stderr } = await mamfast(['-c', config, '-v', 'state', 'list'], { cwd: '/' })
    expect(stdout).toContain('Processed: 1')
    expect(stderr).toContain(path)
  })

  test('config/config.yaml is taken by itself, an absolute path as it is, and --state-file wins', async () => {
    const path = layOut(tempDir(), { processed: { B0A: processedEntry() } })
    configure(`paths: { state_file: ${path} }`)
    const { stdout } = await mamfast(['state', 'list'], { cwd: tempDir() })
    expect(stdout).toContain('Processed: 1')
    const other = await mamfast(['state', 'list', '--state-file', 'other.json'], { cwd: tempDir() })
    expect(other.stdout).toContain('Processed: 0')
  })

  test.each([
    { env: { MAMFAST_DATA_DIR: 'data' }, where: 'data/processed.json' },
    { env: { SHELFR_DATA_DIR: 'data' }, where: 'data/processed.json' },
    { env: { XDG_DATA_HOME: 'xdg' }, where: 'xdg/mamfast/processed.json' },
    { env: { XDG_DATA_HOME: '', HOME: '' }, where: '.local/share/mamfast/processed.json' },
  ])('without a configuration it is $where', async ({ env, where }) => {
    const absolute = Object.fromEntries(
      Object.entries(env).map(([key, value]) => [key, key === 'HOME' ? tempDir() : value && join(tempDir(), value)]),
    )
    const { code, stderr } = await mamfast(['state', 'list', '-v'], { cwd: tempDir(), env: absolute })
    expect(code).toBe(0)
    expect(stderr).toContain(`'${join(tempDir(), where)}'`)
  })

  test.each([
    { text: undefined, says: 'there is no such file' },
    { text: 'paths: [', says: 'Cannot use the configuration' },
    { text: 'paths: { state_file: 7 }', says: 'paths.state_file has to be a path, not 7' },
  ])('a configuration of $text ends with 1', async ({ text, says }) => {
    const config = text === undefined ? join(tempDir(), 'none.yaml') : configure(text)
    const { code, stderr } = await mamfast(['--config', config, 'state', 'list'])
    expect(code).toBe(1)
    expect(stderr).toContain(says)
    expect(stderr).toContain('--state-file')
  })
})
