import type { Context, Outcome, Step } from './step.ts'

export interface Sum {
  readonly passed: number
  readonly failed: number
}

/** Runs the steps one after the other, prints a line for each and, last, the sum. */
export async function runSteps(
  steps: readonly Step[],
  context: Context,
  print: (line: string) => void,
  now: () => number = Date.now,
): Promise<Sum> {
  let sum: Sum = { passed: 0, failed: 0 }
  let buildFailed = false
  for (const step of steps) {
    const startedMs = now()
    const outcome = step.needsBuild === true && buildFailed ? NOT_RUN : await outcomeOf(step, context)
    if (step.name === 'build' && outcome.failed > 0) buildFailed = true
    sum = { passed: sum.passed + outcome.passed, failed: sum.failed + outcome.failed }
    const seconds = ((now() - startedMs) / 1000).toFixed(1)
    print(`${outcome.failed === 0 ? 'ok    ' : 'FAILED'}  ${seconds.padStart(6)} s  ${step.name}${count(outcome)}`)
    if (outcome.note !== undefined) print(indent(outcome.note))
    if (outcome.failed > 0 && outcome.details) print(indent(outcome.details))
  }
  print('')
  print(`${sum.passed} passed, ${sum.failed} failed`)
  return sum
}

const NOT_RUN: Outcome = { passed: 0, failed: 1, details: 'Not run, because the build failed' }

async function outcomeOf(step: Step, context: Context): Promise<Outcome> {
  if (context.signal.aborted) return { passed: 0, failed: 1, details: 'Interrupted' }
  try {
    return await step.run(context)
  } catch (error) {
    return { passed: 0, failed: 1, details: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

function count({ passed, failed }: Outcome): string {
  return passed + failed === 1 ? '' : ` (${passed} passed, ${failed} failed)`
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ')
}
