/** Something wrong in a definition, and where: keys and indexes from the top. */
export interface Mistake {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** `phases[2].command` */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`))
    .join('')
}
