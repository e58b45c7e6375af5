import { expect, test } from 'vitest'
import { runSteps } from '../src/run-steps.ts'
import { type Context, commandStep, findingStep, type Step } from '../src/step.ts'

const passing: Step = { name: 'passing', run: () => ({ passed: 2, failed: 0, details: 'not shown' }) }

async function run(
  steps: readonly Step[],
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly string[]> {
  const lines: string[] = []
  const context: Context = { root: import.meta.dirname, env: process.env, isCi: true, signal }
  await runSteps(
    steps,
    context,
    (line) => lines.push(line),
    () => 0,
  )
  return lines
}

test('runSteps() ends with the sum of all steps', async () => {
  expect(await run([passing, passing])).toEqual([
    'ok         0.0 s  passing (2 passed, 0 failed)',
    'ok         0.0 s  passing (2 passed, 0 failed)',
    '',
    '4 passed, 0 failed',
  ])
})

test('runSteps() goes on after a failure and shows what it said', async () => {
  const finding = { rule: 'a-rule', where: 'a.ts:1', message: 'Wrong' }
  expect(await run([findingStep('finding', () => [finding]), passing])).toEqual([
    'FAILED     0.0 s  finding',
    '    a.ts:1  Wrong  [a-rule]',
    'ok         0.0 s  passing (2 passed, 0 failed)',
    '',
    '2 passed, 1 failed',
  ])
})

test('runSteps() counts a step that throws as failed', async () => {
  const throwing: Step = {
    name: 'throwing',
    run: () => {
      throw new Error('Unexpected')
    },
  }
  expect((await run([throwing])).at(-1)).toBe('0 passed, 1 failed')
})

test('runSteps() counts what needs the build as failed when the build failed', async () => {
  const build: Step = { name: 'build', run: () => ({ passed: 0, failed: 1 }) }
  expect((await run([build, { ...passing, needsBuild: true }, passing])).at(-1)).toBe('2 passed, 2 failed')
})

test('runSteps() shows warnings without counting them', async () => {
  const warning = { rule: 'long-file', where: 'a.ts', message: 'Long' }
  const lines = await run([
    findingStep(
      'finding',
      () => [],
      () => [warning],
    ),
  ])
  expect(lines).toEqual(['ok         0.0 s  finding', '    a.ts  Long  [long-file]', '', '1 passed, 0 failed'])
})

test.each([
  ['exits with 0', ['-e', 'console.log(1)'], '1 passed, 0 failed'],
  ['exits with another code', ['-e', 'process.exit(3)'], '0 passed, 1 failed'],
  ['is ended by a signal', ['-e', 'process.kill(process.pid, "SIGKILL")'], '0 passed, 1 failed'],
])('commandStep() judges a command that %s', async (_title, args, sum) => {
  expect((await run([commandStep('command', process.execPath, args)])).at(-1)).toBe(sum)
})

test('commandStep() fails when the command cannot be started', async () => {
  expect(await run([commandStep('command', '/nowhere/command', [])])).toContain(
    "    Cannot start '/nowhere/command': spawn /nowhere/command ENOENT\n    (exit code none)",
  )
})

test('runSteps() runs nothing after an interrupt', async () => {
  expect((await run([passing, passing], AbortSignal.abort())).at(-1)).toBe('0 passed, 2 failed')
})
