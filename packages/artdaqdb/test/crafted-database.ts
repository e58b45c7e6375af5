import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface CraftedDocument {
  readonly collection?: 'RunHistory' | 'SystemLayout'
  readonly configuration: string
  readonly version?: string
  readonly entity: string
  readonly run?: string
  readonly assigned?: string
  /** Value of the only key, `value`. */
  readonly value: string
  /** Leaves the document out of the index. */
  readonly notIndexed?: boolean
}

/** Lays out a database as another program would, with the document ids counted up, and returns the ids. */
export function craftDatabase(root: string, documents: readonly CraftedDocument[]): string[] {
  const indexes: Record<string, Index> = {}
  return documents.map((document, at) => {
    const { collection = 'RunHistory', assigned = '2026-03-01T12:00:00.000-0600' } = document
    const oid = `0123456789ab4def${String(at).padStart(8, '0')}`
    mkdirSync(join(root, collection), { recursive: true })
    writeFileSync(join(root, collection, `${oid}.json`), documentText(document, oid, assigned))
    indexes[collection] ??= emptyIndex()
    if (document.notIndexed !== true) addToIndex(indexes[collection], document, oid, assigned)
    writeFileSync(join(root, collection, 'index.json'), JSON.stringify(indexes[collection], null, 2))
    return oid
  })
}

type Index = { ouid: string[] } & Record<string, Record<string, string[]> | string[]>

function emptyIndex(): Index {
  return {
    ouid: [],
    version: {},
    'configurations.name': {},
    'entities.name': {},
    'aliases.active.name': {},
    'runs.name': {},
    'configurations.assigned': {},
  }
}

function addToIndex(index: Index, document: CraftedDocument, oid: string, assigned: string): void {
  const { configuration, version = configuration, entity, run = configuration.split('/')[0] ?? '' } = document
  index.ouid.push(oid)
  const add = (section: string, name: string, item: string): void => {
    const names = index[section] as Record<string, string[]>
    names[name] = [...new Set([...(names[name] ?? []), item])].sort()
  }
  add('version', version, oid)
  add('configurations.name', configuration, oid)
  add('entities.name', entity, oid)
  add('runs.name', run, oid)
  add('configurations.assigned', configuration, assigned)
}

function documentText(document: CraftedDocument, oid: string, assigned: string): string {
  const { configuration, version = configuration, entity, value, run = configuration.split('/')[0] } = document
  const table = (comment: string, children: object): object => ({ type: 'table', comment, children })
  return JSON.stringify(
    {
      document: {
        data: { prolog: {}, main: { value } },
        metadata: {
          prolog: table('#prolog', {}),
          main: table('#main', { value: { type: 'number', comment: '', annotation: '' } }),
        },
        search: [],
      },
      comments: [{ linenum: 0, value: 'No comments' }],
      origin: { format: 'fhicl', name: entity, source: 'fhicl_to_json' },
      version,
      entities: [{ name: entity, assigned }],
      configurations: [{ name: configuration, assigned }],
      _id: { $oid: oid },
      aliases: { active: [], history: [] },
      runs: [{ name: run, assigned }],
    },
    null,
    2,
  )
}
