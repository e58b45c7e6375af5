import { AttemptError } from '../errors.js'
import { findFiles } from '../files/find-files.js'
import type { ItemsRule, Phase } from '../pipeline.js'
import { type Item, lookUpItem } from '../plan/scope.js'
import { expandOne, type Lookup } from '../variables.js'

/** The items of a phase, in natural order. @throws AttemptError when there are none, or two would be one */
export async function findItems({ from, id: template }: ItemsRule, lookup: Lookup, folder: string): Promise<Item[]> {
  const paths = await findFiles(from, lookup, folder)
  if (paths.length === 0) throw new AttemptError('MissingInput', `There are no items: nothing matches '${from}'`)
  const seen = new Map<string, string>()
  return paths.map((path, place) => {
    const bare = { id: '', path, index: place + 1 }
    const id = expandOne(template, lookUpItem(bare))
    const other = seen.get(id)
    if (other !== undefined) {
      const hint = "Give them different ids with 'items: {from: …, id: …}'"
      throw new AttemptError('MissingInput', `Two items have the id '${id}': '${other}' and '${path}'`, { hint })
    }
    seen.set(id, path)
    return { ...bare, id }
  })
}

/** What one item writes must not be what another writes. @throws AttemptError that names two that would */
export function assertOwnTargets(phase: Phase, items: readonly Item[], lookUp: (item: Item) => Lookup): void {
  const writers = new Map<string, string>()
  for (const item of items) {
    const lookup = lookUp(item)
    for (const [name, { path }] of Object.entries(phase.outputs)) {
      const target = expandOne(path, lookup)
      const other = writers.get(target)
      if (other !== undefined) {
        const hint = 'Use ${item.id} in the path: ids differ'
        const message = `The items '${other}' and '${item.id}' would both write the output '${name}' to '${target}'`
        throw new AttemptError('MissingInput', message, { hint })
      }
      writers.set(target, item.id)
    }
  }
}
