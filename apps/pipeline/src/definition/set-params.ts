import { SelectionError } from '../errors.js'
import type { ParamValue, Pipeline } from '../pipeline.js'
import { suggestName } from './nearest-name.js'
import { findPhase } from './select-phases.js'

export interface GivenParams {
  readonly params: Readonly<Record<string, ParamValue>>
  readonly phaseParams: Readonly<Record<string, Readonly<Record<string, ParamValue>>>>
}

/**
 * Parameters given as texts: `voice=anna` for the pipeline, `phase4.voice=anna` for one phase. A value has the type of the one that it takes the place of.
 *
 * @throws SelectionError for a parameter that there is not, or a value of the wrong type
 */
export function setParams(pipeline: Pipeline, texts: readonly string[]): GivenParams {
  const params: Record<string, ParamValue> = {}
  const phaseParams: Record<string, Record<string, ParamValue>> = {}
  for (const text of texts) {
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (key === '')
      throw new SelectionError(`'${text}' is no parameter with a value`, { hint: 'Write --set key=value' })
    const dot = key.indexOf('.')
    if (dot === -1) {
      params[key] = convert(text, value, findParam(pipeline, key))
      continue
    }
    const phase = findPhase(pipeline, key.slice(0, dot))
    const name = key.slice(dot + 1)
    const known = { ...pipeline.params, ...phase.params }
    if (!Object.hasOwn(known, name)) throw unknownParam(`The phase '${phase.id}'`, name, Object.keys(known))
    phaseParams[phase.id] = { ...phaseParams[phase.id], [name]: convert(text, value, known[name]) }
  }
  return { params, phaseParams }
}

function findParam({ name, params, phases }: Pipeline, key: string): ParamValue | undefined {
  if (Object.hasOwn(params, key)) return params[key]
  const owners = phases.filter((phase) => Object.hasOwn(phase.params, key)).map(({ id }) => `${id}.${key}`)
  if (owners.length === 0) throw unknownParam(`The pipeline '${name}'`, key, Object.keys(params))
  throw new SelectionError(`'${key}' is a parameter of single phases`, {
    hint: `Write --set ${owners.join('=… or --set ')}=…`,
  })
}

function unknownParam(owner: string, name: string, known: readonly string[]): SelectionError {
  const hint = known.length === 0 ? 'It has none' : `It has: ${known.join(', ')}`
  return new SelectionError(`${owner} has no parameter '${name}'${suggestName(name, known)}`, { hint })
}

function convert(text: string, value: string, like: ParamValue | undefined): ParamValue {
  if (typeof like === 'boolean') {
    if (value === 'true' || value === 'false') return value === 'true'
    throw new SelectionError(`'${text}' must be true or false`)
  }
  if (typeof like !== 'number') return value
  const number = Number(value)
  if (value.trim() !== '' && Number.isFinite(number)) return number
  throw new SelectionError(`'${text}' must be a number`)
}
