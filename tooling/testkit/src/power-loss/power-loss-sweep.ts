import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type PowerLossOptions, type PowerLossState, powerLossStates } from './power-loss-states.js'
import type { Recording } from './recording.js'

export interface PowerLossSweepOptions extends PowerLossOptions {
  /** Where the states are laid out, each in a folder of its own that is removed after its check; not below the recorded folder. */
  readonly scratch: string
}

/**
 * Lays out every state of {@link powerLossStates} and calls `check` with its folder. Resolves to the number of states: assert that it is not
 * smaller than expected, because a recording of nothing passes every check.
 *
 * @throws Error that says which state it was, with the error of `check` as its cause; the files stay.
 * @example
 * await powerLossSweep(recording(), { mode: 'unordered', scratch: dir() }, (folder, { acknowledged }) => {
 *   expect(readFileSync(join(folder, 'state'), 'utf8')).toBe(acknowledged.includes('new') ? 'new' : expect.stringMatching(/old|new/))
 * })
 */
export async function powerLossSweep(
  recording: Recording,
  options: PowerLossSweepOptions,
  check: (directory: string, state: PowerLossState) => void | Promise<void>,
): Promise<number> {
  let states = 0
  for (const state of powerLossStates(recording, options)) {
    const directory = join(options.scratch, `power-loss-${states}`)
    state.writeTo(directory)
    try {
      await check(directory, state)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`In '${directory}', ${state.description}: ${reason}`, { cause })
    }
    rmSync(directory, { recursive: true })
    states += 1
  }
  return states
}
