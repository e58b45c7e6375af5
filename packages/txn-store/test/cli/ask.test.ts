import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { useTempDir } from '@holdfast/testkit'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ProcessLike } from '../../src/cli/process-like.js'
import { run } from '../../src/cli/run.js'
import { makeDocument } from './run-state.ts'

const dir = useTempDir()
const path = (): string => join(dir(), 'pipeline.json')
const count = (): unknown => JSON.parse(readFileSync(path(), 'utf8')).count
beforeEach(() => makeDocument(path()))

/** A process with a terminal at which somebody types this, and then Ctrl-D. */
function terminal(typed: string): {
  readonly proc: ProcessLike
  readonly stdout: () => string
  readonly stderr: () => string
} {
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  stdin.end(typed)
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const textOf = (stream: PassThrough) => (): string => String(stream.read() ?? '')
  const argv = ['node', 'holdfast-state', 'restore', path(), '--to', '2026-03-01T08:00:01Z']
  const proc: ProcessLike = {
    argv,
    stdin,
    stdout,
    stderr,
    exit: () => undefined,
    on: () => undefined,
    off: () => undefined,
  }
  return { proc, stdout: textOf(stdout), stderr: textOf(stderr) }
}

describe('restore at a terminal', () => {
  test.each(['y\n', 'yes\n', ' Y \n'])('restores after %j', async (typed) => {
    const { proc, stdout, stderr } = terminal(typed)
    expect(await run(proc)).toBe(0)
    expect(stderr()).toBe(`Restore '${path()}' from '2026-03-01T08:00:01.000Z', 3 changes? [y/N] `)
    expect(stdout()).toContain(`Restored '${path()}'`)
    expect(count()).toBe(1)
  })

  test.each(['n\n', '\n', 'yeah\n', ''])('changes nothing after %j', async (typed) => {
    const { proc, stdout, stderr } = terminal(typed)
    expect(await run(proc)).toBe(1)
    expect(stderr()).toContain(`'${path()}' was not restored`)
    expect(stdout()).toBe('')
    expect(count()).toBe(3)
  })
})
