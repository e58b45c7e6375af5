import { findConfigs, loadConfig } from '../../config/load-config.js'
import { startServer } from '../../serve/server.js'
import type { CommandResult, Context } from '../context.js'

/** Serves until it is interrupted, which is its ordinary end. */
export async function serve(
  context: Context,
  { fetchers, host, port }: { readonly fetchers: readonly string[]; readonly host: string; readonly port: number },
): Promise<CommandResult> {
  const { place, signal } = context
  // A name that is mistyped is to be told now, not by an endpoint.
  for (const name of fetchers) await loadConfig(name, place)
  const names = fetchers.length > 0 ? fetchers : (await findConfigs(place)).map(({ name }) => name)
  const server = await startServer({ names, place, host, port })
  try {
    context.note(`listening on ${server.url}`)
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  } finally {
    await server.close()
  }
  return { text: '', document: { url: server.url, served: names } }
}
