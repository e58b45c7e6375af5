import { generateNames } from '@holdfast/fhicl'
import { isTable } from './expand.js'
import { nearestName } from './nearest-name.js'

export interface GenerateList {
  readonly names: readonly string[]
  readonly mistakes: readonly { readonly path: readonly (string | number)[]; readonly message: string }[]
}

const KEY = 'fhiclize_generate'

/** `fhiclize_generate` is a list of names, or a table with such a list under `files`; names may carry `.txt` or `.fcl`. Absent means all. */
export function parseGenerateList(value: unknown): GenerateList {
  if (value === undefined || value === null) return { names: generateNames, mistakes: [] }
  const strange = isTable(value) ? Object.keys(value).filter((key) => key !== 'files') : []
  const list = isTable(value) ? (value.files ?? []) : value
  const path = isTable(value) ? [KEY, 'files'] : [KEY]
  if (!Array.isArray(list)) return { names: [], mistakes: [{ path, message: 'expected a list of file names' }] }
  const mistakes: { path: (string | number)[]; message: string }[] = strange.map((key) => ({
    path: [KEY, key],
    message: "there is no such key; did you mean 'files'?",
  }))
  const names: string[] = []
  for (const [index, item] of list.entries()) {
    const name = String(item).replace(/\.(txt|fcl)$/, '')
    if (generateNames.some((known) => known === name)) {
      names.push(name)
      continue
    }
    const nearest = nearestName(name, generateNames)
    const fix = nearest === undefined ? `; the names are ${generateNames.join(', ')}` : `; did you mean '${nearest}'?`
    mistakes.push({ path: [...path, index], message: `'${name}' is not a file that can be generated${fix}` })
  }
  return { names, mistakes }
}
