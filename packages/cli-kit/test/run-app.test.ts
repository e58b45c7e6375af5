import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type AppOptions, InterruptedError, type ProcessLike, runApp, UsageError } from '../src/index.js'

const OPTIONS: AppOptions = { name: 'app', knownErrors: ['ERR_KNOWN'] }

describe('runApp()', () => {
  test.each([
    { error: withCode('ERR_KNOWN_THING', 'do this'), code: 1, says: 'app: it broke\ndo this\n' },
    { error: withCode('ENOSPC'), code: 1, says: 'app: it broke\n' },
    { error: new UsageError('what?'), code: 2, says: 'app: what?\n' },
    { error: new InterruptedError('called off'), code: 130, says: 'app: called off\n' },
    { error: withCode('ERR_OTHER'), code: 2, says: 'app: unexpected error, please report it\nError: it broke\n' },
    {
      error: withCode('ERR_KNOWN_CLOSED'),
      code: 2,
      says: 'app: unexpected error, please report it\nError: it broke\n',
    },
  ])('ends with $code for $error.code', async ({ error, code, says }) => {
    const { proc, output } = fakeProcess()
    expect(await runApp(proc, OPTIONS, () => Promise.reject(error))).toBe(code)
    expect(output.stderr.startsWith(says)).toBe(true)
    expect(output.stdout).toBe('')
  })

  test('prints the result and passes its exit code on', async () => {
    const { proc, output } = fakeProcess()
    expect(await runApp(proc, OPTIONS, async () => ({ text: 'done\n', exitCode: 1 }))).toBe(1)
    expect(output).toEqual({ stdout: 'done\n', stderr: '' })
  })

  test('a signal aborts the work; a second one ends the process', async () => {
    const { proc, signals, exits } = fakeProcess()
    const code = await runApp(proc, OPTIONS, async (signal) => {
      signals.emit('SIGTERM', 'SIGTERM')
      expect(exits).toEqual([])
      signals.emit('SIGINT', 'SIGINT')
      throw new Error('stopped', { cause: signal.reason })
    })
    expect({ code, exits }).toEqual({ code: 130, exits: [130] })
    expect(signals.eventNames()).toEqual([])
  })

  test('an error that has nothing to do with the signal is told as it is', async () => {
    const { proc, signals, output } = fakeProcess()
    const code = await runApp(proc, OPTIONS, async () => {
      signals.emit('SIGTERM', 'SIGTERM')
      throw withCode('ENOSPC')
    })
    expect({ code, stderr: output.stderr }).toEqual({ code: 1, stderr: 'app: it broke\n' })
  })
})

function withCode(code: string, hint?: string): Error & { code: string } {
  return Object.assign(new Error('it broke'), { code }, hint === undefined ? {} : { hint })
}

function fakeProcess(): {
  proc: ProcessLike
  output: { stdout: string; stderr: string }
  signals: EventEmitter
  exits: number[]
} {
  const output = { stdout: '', stderr: '' }
  const signals = new EventEmitter()
  const exits: number[] = []
  const streamTo = (name: keyof typeof output): PassThrough =>
    new PassThrough({ encoding: 'utf8' }).on('data', (text: string) => {
      output[name] += text
    })
  const proc: ProcessLike = {
    argv: [],
    env: {},
    stdin: new PassThrough(),
    stdout: streamTo('stdout'),
    stderr: streamTo('stderr'),
    cwd: () => '/',
    exit: (code) => void exits.push(code),
    on: (event, listener) => signals.on(event, listener),
    off: (event, listener) => signals.off(event, listener),
  }
  return { proc, output, signals, exits }
}
