import { basename, dirname, extname } from 'node:path'
import type { ParamValue, Phase, Pipeline } from '../pipeline.js'
import { expandOne, type Lookup } from '../variables.js'

/** One input of a pipeline and what was set for it. */
export interface Job {
  readonly pipeline: Pipeline
  /** Absolute. */
  readonly input: string
  readonly fileId: string
  /** Those of the pipeline, with what the caller has set. */
  readonly params: Readonly<Record<string, ParamValue>>
  /** What the caller has set for one phase. */
  readonly phaseParams: Readonly<Record<string, Readonly<Record<string, ParamValue>>>>
}

export interface Item {
  readonly id: string
  /** Absolute. */
  readonly path: string
  /** From 1 on. */
  readonly index: number
}

/** The absolute paths that a phase has recorded as its output; `undefined` when it has none of that name. */
export type FindOutputs = (phase: string, output: string) => readonly string[] | undefined

/** The variables of an input by themselves. */
export function lookUpInput(input: string): Lookup {
  const values: Record<string, string> = {
    input,
    'input.name': basename(input),
    'input.stem': stemOf(input),
    'input.ext': basename(input).slice(stemOf(input).length),
    'input.folder': dirname(input),
  }
  return (name) => (Object.hasOwn(values, name) ? [values[name] ?? ''] : undefined)
}

/** The variables of a phase, those of its own outputs and attempt excepted. */
export function lookUpPhase(job: Job, phase: Phase, findOutputs: FindOutputs, item?: Item): Lookup {
  const params = resolveParams(job, phase)
  const lookUpFile = lookUpInput(job.input)
  return (name) => {
    if (name === 'file_id') return [job.fileId]
    if (name === 'folder') return [job.pipeline.folder]
    const [kind, first = '', , output = ''] = name.split('.')
    if (kind === 'params') return Object.hasOwn(params, first) ? [String(params[first])] : undefined
    if (kind === 'phases') return findOutputs(first, output)
    if (kind === 'item') return item === undefined ? undefined : lookUpItem(item)(name)
    return lookUpFile(name)
  }
}

export function lookUpItem({ id, path, index }: Item): Lookup {
  const values: Record<string, string> = {
    'item.id': id,
    'item.path': path,
    'item.stem': stemOf(path),
    'item.index': String(index),
  }
  return (name) => (Object.hasOwn(values, name) ? [values[name] ?? ''] : undefined)
}

/** The parameters of a phase: those of the pipeline, its own, what was set; later ones count. */
export function resolveParams(job: Job, phase: Phase): Record<string, ParamValue> {
  const lookUpFile = lookUpInput(job.input)
  const lookup: Lookup = (name) => {
    if (name === 'file_id') return [job.fileId]
    const [kind, param = ''] = name.split('.')
    if (kind === 'params') return Object.hasOwn(job.params, param) ? [String(job.params[param])] : undefined
    return lookUpFile(name)
  }
  const own = Object.entries(phase.params).map(([name, value]): [string, ParamValue] => [
    name,
    typeof value === 'string' ? expandOne(value, lookup) : value,
  ])
  return { ...job.params, ...Object.fromEntries(own), ...job.phaseParams[phase.id] }
}

/** The name without its extension. What follows a dot and begins with a digit is none: `G9 L 1.3` stays as it is. */
function stemOf(path: string): string {
  const name = basename(path)
  const ext = extname(name)
  return /^\.[A-Za-z][A-Za-z0-9]{0,9}$/.test(ext) ? name.slice(0, -ext.length) : name
}
