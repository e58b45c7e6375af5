import { createInterface } from 'node:readline/promises'
import type { ProcessLike } from './process-like.js'

/** Asks on the terminal; only `y` and `yes` are a yes, the end of the input is not. */
export async function ask(
  { stdin, stderr }: Pick<ProcessLike, 'stdin' | 'stderr'>,
  question: string,
  signal: AbortSignal,
): Promise<boolean> {
  // The terminal itself does the editing, so that Ctrl-C comes as a signal.
  const lines = createInterface({ input: stdin, output: stderr, terminal: false })
  try {
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), ended])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}
