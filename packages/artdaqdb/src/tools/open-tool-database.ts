import { access, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ResolvedDeps } from '../deps.js'
import { explained } from '../explained.js'
import { FilesystemDatabase } from '../filesystem-database.js'
import type { RunDatabase } from '../run-database.js'
import { sweepScratchFolders } from './scratch-folder.js'
import { SiteTools } from './site-tools.js'
import { parseToolUri } from './tool-address.js'
import { ToolDatabase } from './tool-database.js'
import { resolveToolOptions, type ToolOptions } from './tool-options.js'

export interface OpenToolDatabaseOptions {
  readonly uri: string | undefined
  readonly create: boolean
  readonly readOnly: boolean
  readonly lockTimeoutMs: number
  readonly tools: ToolOptions
}

/** Opens a database through the site's programs; none of them is run yet. */
export async function openToolDatabase(options: OpenToolDatabaseOptions, deps: ResolvedDeps): Promise<RunDatabase> {
  const { create, readOnly, lockTimeoutMs } = options
  const address = parseToolUri(options.uri)
  const tools = resolveToolOptions(options.tools, address.provider)
  if (address.path !== undefined && tools.remoteHost === undefined) {
    const { path, uri } = address
    if (!create) await explained(path, () => stat(path))
    // What was stored natively and is not folded yet would be invisible to the tools.
    const hasJournal = await access(join(path, '.holdfast.journal')).then(
      () => true,
      () => false,
    )
    if (hasJournal && !readOnly)
      await (await FilesystemDatabase.open({ path, uri }, { create: false, readOnly, lockTimeoutMs }, deps)).close()
  }
  if (!readOnly) await sweepScratchFolders(tools.tempDir, deps.now())
  const { location, secrets, uri } = address
  const context = { options: tools, uri, secrets, location }
  const siteTools = new SiteTools(context)
  return new ToolDatabase(
    { tools: siteTools, options: tools, location, logger: deps.logger },
    { readOnly, mustHoldRuns: !create },
  )
}
