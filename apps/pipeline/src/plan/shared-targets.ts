import { resolve } from 'node:path'
import type { Phase } from '../pipeline.js'
import { expandOne, findVariables } from '../variables.js'
import { type Job, lookUpPhase } from './scope.js'

/** What outputs are written to, and the input that they belong to. */
export type Targets = Map<string, string>

/**
 * Why an input cannot be worked on together with those before: it would write the same files. Notes what it writes. Paths that are made of the outputs of
 * other phases are not known before these have run.
 */
export function findSharedTarget(job: Job, phases: readonly Phase[], targets: Targets): string | undefined {
  const own: string[] = []
  for (const phase of phases) {
    const lookup = lookUpPhase(job, phase, () => undefined)
    for (const [name, { path }] of Object.entries(phase.outputs)) {
      if (findVariables(path).some((variable) => variable.startsWith('phases.'))) continue
      // Items have the same names in every input.
      const target = resolve(
        job.pipeline.folder,
        expandOne(path, (variable) => (variable.startsWith('item.') ? [`<${variable}>`] : lookup(variable))),
      )
      const other = targets.get(target)
      if (other !== undefined)
        return `The output '${name}' of ${phase.id} would be that of '${other}', too: '${target}'; use \${file_id} in its path`
      own.push(target)
    }
  }
  for (const target of own) targets.set(target, job.fileId)
  return undefined
}
