import { findConfigs, readConfig } from '../../config/load-config.js'
import type { CommandResult, Context } from '../context.js'
import { table } from '../format.js'

/** A configuration with mistakes is in the list, with its first mistake. */
export async function list({ place }: Context): Promise<CommandResult> {
  const all = await Promise.all(
    (await findConfigs(place)).map(async ({ name, path, isBuiltIn }) => {
      try {
        const { description, locators } = await readConfig(path)
        return {
          name,
          path,
          builtIn: isBuiltIn,
          description,
          locators: locators.map(({ prefix }) => prefix),
          error: null,
        }
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        return { name, path, builtIn: isBuiltIn, description: '', locators: [], error: message }
      }
    }),
  )
  const rows = all.map(({ name, description, builtIn, path, error }) => [
    name,
    builtIn ? '(built in)' : path,
    error === null ? description : `cannot be used: ${error.split('\n').slice(0, 2).join(' ').trim()}`,
  ])
  return { text: table(rows), document: { fetchers: all } }
}
