import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'
import { RunConflictError } from '../errors.js'

/**
 * Holds every input that ever ran with this state, so that none is worked on meanwhile. Makes no lock file where none is.
 *
 * @throws RunConflictError when one is worked on
 */
export async function lockAllInputs(statePath: string): Promise<AsyncDisposable> {
  const folder = join(dirname(statePath), '.pipeline')
  await using stack = new AsyncDisposableStack()
  for (const name of await lockNamesIn(folder)) {
    const lock = await FileLock.tryAcquire(join(folder, name))
    if (lock === undefined) {
      const hint = 'Wait until it is done, or interrupt it; nothing is lost'
      throw new RunConflictError(`A run is going on: it holds '${join(folder, name)}'`, { hint })
    }
    stack.use(lock)
  }
  return stack.move()
}

async function lockNamesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => /^run-.*\.lock$/.test(name))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}
