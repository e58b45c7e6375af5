import { RunConflictError } from '../errors.js'

/** To go on would be to make a new state, which tells of nothing that was done before. */
export function lostState(path: string): RunConflictError {
  return new RunConflictError(`'${path}' was removed or replaced while the run went on; nothing more was recorded`, {
    hint: "What was recorded is in the backups, see 'pipeline backups'; the same command again does the rest",
  })
}
