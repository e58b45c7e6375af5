import { DatabaseUnavailableError } from '../errors.js'
import { type ConfigurationName, parseConfigurationName } from '../names.js'
import type { DatabaseLogger, StoredRun } from '../run-database.js'
import { compareVersions } from '../versions.js'
import type { SiteTools } from './site-tools.js'

interface Configuration extends ConfigurationName {
  readonly entities: Set<string>
  readonly versions: Set<string>
  hasSchema: boolean
  /** Its documents cannot be told apart from the list alone. */
  unclear: boolean
}

/** All runs of a database, from three questions whatever their number; only what the answers leave open is asked one by one. */
export async function listStoredRuns(tools: SiteTools, logger: DatabaseLogger): Promise<Map<number, StoredRun>> {
  const configurations = new Map<string, Configuration>()
  for (const full of await tools.findConfigurations('')) {
    const name = parseConfigurationName(full)
    if (name === undefined) continue
    configurations.set(full, { ...name, entities: new Set(), versions: new Set(), hasSchema: false, unclear: false })
  }
  if (configurations.size > 0) {
    await tools.findDocuments('RunHistory', (version, entity) => {
      const owner = ownerOf(version, configurations)
      owner?.versions.add(version)
      if (entity === undefined && owner !== undefined) owner.unclear = true
      else if (entity !== undefined) owner?.entities.add(entity)
    })
    await tools.findDocuments('SystemLayout', (version, entity) => {
      const owner = ownerOf(version, configurations)
      owner?.versions.add(version)
      if (owner !== undefined && (entity === undefined || entity === 'schema')) owner.hasSchema = true
    })
  }
  const runs = new Map<number, Configuration[]>()
  for (const configuration of configurations.values()) {
    const others = runs.get(configuration.run)
    if (others === undefined) runs.set(configuration.run, [configuration])
    else others.push(configuration)
  }
  const stored = new Map<number, StoredRun>()
  for (const [run, all] of [...runs].sort(([one], [other]) => one - other)) {
    // The database names the newest one first.
    const [newest] = all
    if (newest === undefined) continue
    if (newest.unclear || newest.entities.size === 0) await askAbout(newest, tools, logger)
    stored.set(run, {
      run,
      configuration: newest.full,
      configurations: all.map(({ full }) => full),
      entities: newest.entities,
      hasSchema: newest.hasSchema,
      version: [...newest.versions].sort(compareVersions).at(-1) ?? newest.full,
    })
  }
  return stored
}

/** The loader stores under the configuration's name, the library with `v1`, `v2`, … behind it for updates. Whole names count, not beginnings. */
function ownerOf(version: string, configurations: ReadonlyMap<string, Configuration>): Configuration | undefined {
  const exact = configurations.get(version)
  const withoutUpdate = /^(.+)v\d+$/.exec(version)?.[1]
  const other = withoutUpdate === undefined ? undefined : configurations.get(withoutUpdate)
  // `5/conf` updated once and `5/confv1` have documents of the same version.
  if (exact !== undefined && other !== undefined) {
    exact.unclear = true
    other.unclear = true
  }
  return exact ?? other
}

async function askAbout(configuration: Configuration, tools: SiteTools, logger: DatabaseLogger): Promise<void> {
  configuration.entities.clear()
  configuration.hasSchema = false
  try {
    for (const { collection, entity } of await tools.composition(configuration)) {
      if (collection === 'RunHistory') configuration.entities.add(entity)
      else if (collection === 'SystemLayout' && entity === 'schema') configuration.hasSchema = true
    }
  } catch (error) {
    // The database has answered about all others: this one is damaged, and counts as incomplete.
    if (!(error instanceof DatabaseUnavailableError)) throw error
    logger.warn(`What is stored of '${configuration.full}' cannot be seen: ${error.message}`, {
      configuration: configuration.full,
    })
  }
}
