/**
 * The search index of one collection in memory: which documents carry which version, configuration, entity, alias and run. Keys are kept as they
 * stand between the quotes of the file, so that writing an index back never changes one.
 */
import { escapeText } from './json-text.js'
import { OidTable } from './oid-table.js'

/** The parts of an index that map a name to documents, in the order in which they are written. */
export const INDEX_SECTIONS = [
  'version',
  'configurations.name',
  'entities.name',
  'aliases.active.name',
  'runs.name',
] as const

export type IndexSection = (typeof INDEX_SECTIONS)[number]

export interface Named {
  readonly name: string
  readonly assigned: string
}

/** What the index takes from a document. */
export interface IndexEntry {
  readonly oid: string
  readonly version: string
  readonly configurations: readonly Named[]
  readonly entities: readonly string[]
  readonly aliases?: readonly string[]
  readonly runs: readonly string[]
}

/** A document of one configuration, by number; see {@link SearchIndex.oids}. */
export interface IndexedDocument {
  readonly id: number
  readonly entity: string
  readonly version: string
}

export class SearchIndex {
  readonly oids: OidTable = new OidTable()
  /** All documents of the collection. */
  readonly listed: number[] = []
  readonly sections: Readonly<Record<IndexSection, NamedDocuments>> = {
    version: new NamedDocuments(),
    'configurations.name': new NamedDocuments(),
    'entities.name': new NamedDocuments(),
    'aliases.active.name': new NamedDocuments(),
    'runs.name': new NamedDocuments(),
  }
  /** Times at which a configuration was given to its documents. */
  readonly assigned: Map<string, string[]> = new Map()
  /** The first `checked` of the listed documents; only filled when it is asked whether one is listed. */
  readonly #known = { ids: new Set<number>(), checked: 0 }

  #additions = 0

  /** Grows whenever what the index tells may have changed. */
  get additions(): number {
    return this.#additions
  }

  /** Adds a document; one that is there already only gains what it lacks. Costs the same however large the index is. */
  add(entry: IndexEntry): void {
    this.#additions += 1
    const known = this.oids.size
    const id = this.oids.intern(entry.oid)
    const isNew = id === known
    if (isNew || !this.#isListed(id)) this.listed.push(id)
    const names: Readonly<Record<IndexSection, readonly string[]>> = {
      version: [entry.version],
      'configurations.name': entry.configurations.map(({ name }) => name),
      'entities.name': entry.entities,
      'aliases.active.name': entry.aliases ?? [],
      'runs.name': entry.runs,
    }
    for (const section of INDEX_SECTIONS) {
      for (const name of names[section]) this.sections[section].add(escapeText(name), id, isNew)
    }
    for (const { name, assigned } of entry.configurations) {
      const times = this.assigned.get(escapeText(name))
      if (times === undefined) this.assigned.set(escapeText(name), [escapeText(assigned)])
      else if (isNew || !times.includes(escapeText(assigned))) times.push(escapeText(assigned))
    }
  }

  #isListed(id: number): boolean {
    // Many documents are added again when a process was killed between writing an index and dropping the journal.
    for (; this.#known.checked < this.listed.length; this.#known.checked += 1) {
      this.#known.ids.add(this.listed[this.#known.checked] ?? -1)
    }
    return this.#known.ids.has(id)
  }

  /** The documents of a configuration that have an entity and a version; `key` is escaped as in the file. */
  documentsOf(key: string): IndexedDocument[] {
    const { version, 'entities.name': entities } = this.sections
    const documents: IndexedDocument[] = []
    for (const id of this.sections['configurations.name'].documents(key)) {
      const versions = version.namesOf(id)
      for (const entity of entities.namesOf(id)) {
        for (const value of versions) documents.push({ id, entity, version: value })
      }
    }
    return documents
  }
}

/** One section of the index: names in first-seen order, each with its documents, and the way back. */
export class NamedDocuments {
  readonly #names: string[] = []
  readonly #numbers = new Map<string, number>()
  readonly #documents: number[][] = []
  // Nearly every document has one name in a section: its number is found here, further ones in #more.
  #nameOf: number[] | undefined
  readonly #more = new Map<number, number[]>()

  add(name: string, id: number, isNew: boolean): void {
    if (!isNew && this.namesOf(id).includes(name)) return
    this.list(name).push(id)
    if (this.#nameOf !== undefined) this.#link(this.#nameOf, id, this.#numbers.get(name) ?? -1)
  }

  /** The list of a name, which is created empty; only a reader that fills a new index may add to it. */
  list(name: string): number[] {
    const number = this.#numbers.get(name)
    const existing = number === undefined ? undefined : this.#documents[number]
    if (existing !== undefined) return existing
    const created: number[] = []
    this.#numbers.set(name, this.#names.length)
    this.#names.push(name)
    this.#documents.push(created)
    return created
  }

  names(): readonly string[] {
    return this.#names
  }

  documents(name: string): readonly number[] {
    return this.#documents[this.#numbers.get(name) ?? -1] ?? []
  }

  namesOf(id: number): readonly string[] {
    if (this.#nameOf === undefined) this.#nameOf = this.#linkAll()
    const first = this.#names[this.#nameOf[id] ?? -1]
    if (first === undefined) return []
    const more = this.#more.get(id)
    return more === undefined ? [first] : [first, ...more.map((number) => this.#names[number] ?? '')]
  }

  #linkAll(): number[] {
    const nameOf: number[] = []
    for (const [number, documents] of this.#documents.entries()) {
      for (const id of documents) this.#link(nameOf, id, number)
    }
    return nameOf
  }

  #link(nameOf: number[], id: number, number: number): void {
    while (nameOf.length <= id) nameOf.push(-1)
    const first = nameOf[id] ?? -1
    if (first < 0) nameOf[id] = number
    else if (first !== number && !this.#more.get(id)?.includes(number)) {
      this.#more.set(id, [...(this.#more.get(id) ?? []), number])
    }
  }
}
