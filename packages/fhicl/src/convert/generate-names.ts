/** Files that are made of the `.txt` file of the same name. */
export const converterNames = [
  'boot',
  'metadata',
  'known_boardreaders_list',
  'settings',
  'setup',
  'environment',
  'ranks',
] as const

/** Everything that can be generated; RunHistory and RunHistory2 are made of metadata.txt. */
export const generateNames = [
  'boot',
  'metadata',
  'known_boardreaders_list',
  'settings',
  'setup',
  'environment',
  'ranks',
  'RunHistory',
  'RunHistory2',
] as const

export type ConverterName = (typeof converterNames)[number]
export type GenerateName = (typeof generateNames)[number]

/**
 * Reads a list of what to generate. Names may be given with `.txt` or `.fcl`. Throws RangeError for a name that is
 * not in {@link generateNames}.
 */
export function parseGenerateNames(names: readonly string[] | 'all' = 'all'): ReadonlySet<GenerateName> {
  if (names === 'all') return new Set(generateNames)
  return new Set(names.map(parseGenerateName))
}

function parseGenerateName(name: string): GenerateName {
  const stem = name.replace(/\.(?:txt|fcl)$/, '')
  const known = generateNames.find((candidate) => candidate === stem)
  if (known !== undefined) return known
  throw new RangeError(`Cannot generate "${name}": the names are ${generateNames.join(', ')}`)
}
