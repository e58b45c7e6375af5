import { COLLECTIONS, type Collection } from './collections.js'
import type { DatabaseState } from './database-state.js'
import { unescapeText } from './json-text.js'
import { type ConfigurationName, parseConfigurationName } from './names.js'
import type { StoredRun } from './run-database.js'
import type { SearchIndex } from './search-index.js'
import { parseTimestamp } from './timestamps.js'
import { compareVersions } from './versions.js'

interface StoredConfiguration extends ConfigurationName {
  /** The name as it stands in the index. */
  readonly key: string
}

/** Which configurations each run has. Follows the indexes: looking again costs what was added since. */
export class RunCatalog {
  readonly #state: DatabaseState
  readonly #runs = new Map<number, StoredConfiguration[]>()
  readonly #keys = new Set<string>()
  /** Thousands of runs consist of the same entities; they share one set. */
  readonly #entitySets = new Map<string, ReadonlySet<string>>()
  #listed: { readonly runs: ReadonlyMap<number, StoredRun>; readonly additions: number } | undefined
  readonly #seen = new Map<Collection, { readonly index: SearchIndex; readonly names: number }>()

  constructor(state: DatabaseState) {
    this.#state = state
  }

  listRuns(): ReadonlyMap<number, StoredRun> {
    this.#update()
    // Both stages of an execution ask, and mostly nothing was stored in between.
    const additions = COLLECTIONS.reduce((count, name) => count + this.#state.index(name).additions, 0)
    if (this.#listed?.additions === additions) return this.#listed.runs
    const runs = new Map<number, StoredRun>()
    for (const [run, configurations] of [...this.#runs].sort(([a], [b]) => a - b)) {
      runs.set(run, this.#describe(run, configurations))
    }
    this.#listed = { runs, additions }
    return runs
  }

  /** The newest configuration of a run. */
  newest(run: number): ConfigurationName | undefined {
    this.#update()
    const configurations = this.#runs.get(run)
    return configurations && this.#newestOf(configurations)
  }

  #update(): void {
    // An index that was read again may hold less than before.
    if (COLLECTIONS.some((name) => this.#seen.has(name) && this.#seen.get(name)?.index !== this.#state.index(name))) {
      this.#runs.clear()
      this.#listed = undefined
      this.#keys.clear()
      this.#seen.clear()
    }
    for (const collection of COLLECTIONS) {
      const index = this.#state.index(collection)
      const names = index.sections['configurations.name'].names()
      for (let at = this.#seen.get(collection)?.names ?? 0; at < names.length; at += 1) this.#add(names[at] ?? '')
      this.#seen.set(collection, { index, names: names.length })
    }
  }

  #add(key: string): void {
    if (this.#keys.has(key)) return
    this.#keys.add(key)
    const name = parseConfigurationName(unescapeText(key))
    if (name === undefined) return
    const configurations = this.#runs.get(name.run)
    if (configurations === undefined) this.#runs.set(name.run, [{ ...name, key }])
    else configurations.push({ ...name, key })
  }

  #describe(run: number, configurations: readonly StoredConfiguration[]): StoredRun {
    const newest = this.#newestOf(configurations)
    const entities = new Set<string>()
    const versions = new Set<string>()
    for (const { entity, version } of this.#state.index('RunHistory').documentsOf(newest.key)) {
      entities.add(unescapeText(entity))
      versions.add(version)
    }
    let hasSchema = false
    for (const { entity, version } of this.#state.index('SystemLayout').documentsOf(newest.key)) {
      hasSchema ||= entity === 'schema'
      versions.add(version)
    }
    return {
      run,
      configuration: newest.full,
      configurations: configurations.map(({ full }) => full),
      entities: this.#shared(entities),
      hasSchema,
      version: unescapeText([...versions].sort(compareVersions).at(-1) ?? ''),
    }
  }

  #shared(entities: ReadonlySet<string>): ReadonlySet<string> {
    const key = [...entities].join('\n')
    const known = this.#entitySets.get(key)
    if (known !== undefined) return known
    this.#entitySets.set(key, entities)
    return entities
  }

  #newestOf(configurations: readonly StoredConfiguration[]): StoredConfiguration {
    const [first] = configurations
    if (first === undefined) throw new Error('A run without configurations was listed')
    if (configurations.length === 1) return first
    return configurations.reduce((best, other) => {
      const difference = this.#assigned(other.key) - this.#assigned(best.key)
      if (difference !== 0) return difference > 0 ? other : best
      return other.full < best.full ? other : best
    })
  }

  /** When a configuration was last given to a document. */
  #assigned(key: string): number {
    let newest = Number.NEGATIVE_INFINITY
    for (const collection of COLLECTIONS) {
      for (const time of this.#state.index(collection).assigned.get(key) ?? []) {
        newest = Math.max(newest, parseTimestamp(time) ?? Number.NEGATIVE_INFINITY)
      }
    }
    return newest
  }
}
