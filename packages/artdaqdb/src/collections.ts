/** The collections that hold run records: the entities of a run, and the schema each was stored with. */
export const COLLECTIONS = ['RunHistory', 'SystemLayout'] as const

export type Collection = (typeof COLLECTIONS)[number]
