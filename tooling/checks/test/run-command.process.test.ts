import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { expect, test, vi } from 'vitest'
import { runCommand } from '../src/run-command.ts'

const dir = useTempDir()

test('runCommand() collects both streams and the exit code', async () => {
  const script = "console.log('out'); console.error('err'); process.exit(3)"
  const signal = new AbortController().signal
  const result = await runCommand(process.execPath, ['-e', script], { cwd: dir(), env: process.env, signal })
  expect(result.code).toBe(3)
  expect(result.output.split('\n').sort()).toEqual(['', 'err', 'out'])
})

test('runCommand() ends the command and what it started when the signal is aborted', async () => {
  const started = join(dir(), 'started')
  // The grandchild ignores SIGTERM and holds the output open: the command only counts as closed once it is gone.
  const grandchild = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); require('fs').writeFileSync(${JSON.stringify(started)}, '')`
  const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}], { stdio: 'inherit' })`
  const controller = new AbortController()
  const running = runCommand(process.execPath, ['-e', script], {
    cwd: dir(),
    env: process.env,
    signal: controller.signal,
    killAfterMs: 100,
  })
  await vi.waitFor(() => expect(existsSync(started)).toBe(true), { timeout: 10_000 })
  controller.abort()
  const result = await running
  expect(result.code).toBeUndefined()
  expect(result.output).toContain('was ended by SIGTERM')
})
