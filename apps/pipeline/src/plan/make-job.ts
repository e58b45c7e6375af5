import { resolve } from 'node:path'
import { suggestName } from '../definition/nearest-name.js'
import { findPhase } from '../definition/select-phases.js'
import { InputError, SelectionError } from '../errors.js'
import type { ParamValue, Pipeline } from '../pipeline.js'
import { expandOne } from '../variables.js'
import { type Job, lookUpInput } from './scope.js'

export interface JobOptions {
  readonly input: string
  /** @default what the pipeline makes of the input's name */
  readonly fileId?: string | undefined
  readonly params?: Readonly<Record<string, ParamValue>>
  readonly phaseParams?: Readonly<Record<string, Readonly<Record<string, ParamValue>>>>
}

/** What a run would be about. @throws InputError when the input gives no id; SelectionError for a parameter that nobody reads */
export function makeJob(pipeline: Pipeline, { input: path, fileId, params = {}, phaseParams = {} }: JobOptions): Job {
  const input = resolve(path)
  const id = fileId ?? expandOne(pipeline.fileId, lookUpInput(input))
  if (id === '' || id === '__proto__') {
    throw new InputError(`The input '${path}' gives no id that can be used: '${id}'`, {
      hint: 'Name one with --file-id',
    })
  }
  assertKnown(Object.keys(params), Object.keys(pipeline.params), `The pipeline '${pipeline.name}'`)
  for (const [phaseId, own] of Object.entries(phaseParams)) {
    const phase = findPhase(pipeline, phaseId)
    assertKnown(Object.keys(own), Object.keys({ ...pipeline.params, ...phase.params }), `The phase '${phase.id}'`)
  }
  return { pipeline, input, fileId: id, params: { ...pipeline.params, ...params }, phaseParams }
}

function assertKnown(names: readonly string[], known: readonly string[], owner: string): void {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new SelectionError(`${owner} has no parameter '${unknown}'${suggestName(unknown, known)}`, {
    hint: known.length === 0 ? "Name it under 'params' first" : `There are: ${known.join(', ')}`,
  })
}
