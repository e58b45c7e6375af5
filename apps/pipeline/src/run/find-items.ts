import { AttemptError } from '../errors.js'
import { findFiles } from '../files/find-files.js'
import type { ItemsRule } from '../pipeline.js'
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
