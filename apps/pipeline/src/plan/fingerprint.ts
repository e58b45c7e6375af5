import { hash } from 'node:crypto'
import { AttemptError } from '../errors.js'
import { type FileFacts, refreshFacts } from '../files/file-facts.js'
import { findFiles, toRecordedPath } from '../files/find-files.js'
import type { ParamValue, Phase, Pipeline } from '../pipeline.js'
import type { Fingerprint, RecordedFile } from '../record/unit-record.js'
import { findVariables, type Lookup } from '../variables.js'
import { type Job, resolveParams } from './scope.js'

/** Paths: what counts of them is the content of the files. */
const PATH_VARIABLES = /^(?:input|input\.folder|folder|item\.path|attempt|outputs\..*)$/

export interface FingerprintContext {
  readonly folder: string
  /** What paths in the state are relative to. */
  readonly stateFolder: string
  /** The facts of files looked at before, by their paths. */
  readonly known: Map<string, FileFacts>
}

/** What the work of a phase depends on but for the item at hand; made once for all items. */
export interface SharedInputs {
  readonly command: string
  readonly values: Readonly<Record<string, ParamValue>>
  readonly inputs: readonly RecordedFile[]
  /** Of all of that: there may be as many inputs as items. */
  readonly sum: string
}

/** @throws AttemptError when an input is missing */
export async function shareInputs(
  job: Job,
  phase: Phase,
  lookup: Lookup,
  context: FingerprintContext,
): Promise<SharedInputs> {
  const names = [...new Set(textsOf(phase).flatMap(findVariables))]
  const references = [...names.filter(isFileVariable), ...implicitInputs(phase), ...neededOutputs(job.pipeline, phase)]
  const shared = [...phase.inputs, ...references.map(toReference)].filter(
    (pattern) => !usesItem(pattern) && pattern !== phase.items?.from,
  )
  const command = hashOf(describeWork(phase))
  const values = findValues(phase, names, resolveParams(job, phase), lookup)
  const inputs = await findInputs([...new Set(shared)], phase, lookup, context)
  return { command, values, inputs, sum: hashOf([command, values, inputs.map(({ sha256 }) => sha256)]) }
}

/** Of what a result will be made. @throws AttemptError when an input is missing */
export async function takeFingerprint(
  phase: Phase,
  shared: SharedInputs,
  lookup: Lookup,
  context: FingerprintContext,
): Promise<Fingerprint> {
  const { command, sum } = shared
  if (phase.items === undefined) return { hash: sum, command, values: shared.values, inputs: shared.inputs }
  const names = [...new Set(textsOf(phase).flatMap(findVariables))].filter((name) => name.startsWith('item.'))
  const own = Object.fromEntries(
    names.filter((name) => name !== 'item.path').map((name) => [name, lookup(name)?.[0] ?? '']),
  )
  const patterns = phase.inputs.filter(usesItem)
  const inputs = await findInputs([...new Set(['${item.path}', ...patterns])], phase, lookup, context)
  // The inputs that all items share are in the hash; the state tells of each item only what is its own.
  const values = { ...shared.values, ...own }
  return { hash: hashOf([sum, own, inputs.map(({ sha256 }) => sha256)]), command, values, inputs }
}

async function findInputs(
  patterns: readonly string[],
  phase: Phase,
  lookup: Lookup,
  context: FingerprintContext,
): Promise<RecordedFile[]> {
  const inputs: RecordedFile[] = []
  for (const pattern of patterns) {
    const paths = await findFiles(pattern, lookup, context.folder)
    if (paths.length === 0 && phase.inputs.includes(pattern))
      throw new AttemptError('MissingInput', `No file matches the input '${pattern}'`)
    for (const path of paths) {
      const facts = await refreshFacts(path, context.known.get(path))
      if (facts === undefined) throw new AttemptError('MissingInput', `The input '${path}' is not there`)
      context.known.set(path, facts)
      inputs.push({ path: toRecordedPath(path, context.stateFolder), ...facts })
    }
  }
  return inputs
}

/** The texts of a phase that become part of its work. */
function textsOf({ work, check }: Phase): string[] {
  if (work.kind === 'function') return []
  const { argv, shellLine, cwd, set } = work
  return [
    ...(argv ?? []),
    ...(shellLine === undefined ? [] : [shellLine]),
    cwd,
    ...Object.values(set),
    ...(check ?? []),
  ]
}

/** Everything that the needed phases write counts; of what items are made of, each its own. */
function neededOutputs({ phases }: Pipeline, { needs }: Phase): string[] {
  return phases
    .filter(({ id }) => needs.includes(id))
    .flatMap(({ id, outputs }) => Object.keys(outputs).map((name) => `phases.${id}.outputs.${name}`))
}

/** Nobody can see in a function whether it reads the input. */
function implicitInputs({ work, items }: Phase): string[] {
  return work.kind === 'function' && items === undefined ? ['input'] : []
}

/** The values that the work depends on. A function may use every parameter; of a command, the texts show which. Those of the phase itself are there to be used. */
function findValues(
  { work, params: own }: Phase,
  names: readonly string[],
  params: Readonly<Record<string, ParamValue>>,
  lookup: Lookup,
): Record<string, ParamValue> {
  const used = Object.keys(work.kind === 'function' ? params : own)
  const values: Record<string, ParamValue> = Object.fromEntries(used.map((name) => [name, params[name] ?? '']))
  for (const name of names) {
    const [kind, param = ''] = name.split('.')
    if (kind === 'params') values[param] = params[param] ?? ''
    else if (kind !== 'item' && kind !== 'phases' && !PATH_VARIABLES.test(name)) values[name] = lookup(name)?.[0] ?? ''
  }
  return values
}

function describeWork({ work, check, outputs, items }: Phase): unknown {
  if (work.kind === 'function') return [String(work.run), outputs, items]
  const { argv, shellLine, cwd, pass, set } = work
  return [argv, shellLine, cwd, pass, set, check, outputs, items]
}

function isFileVariable(name: string): boolean {
  return name === 'input' || name === 'item.path' || name.startsWith('phases.')
}

function toReference(name: string): string {
  return `\${${name}}`
}

function usesItem(text: string): boolean {
  return findVariables(text).some((name) => name.startsWith('item.'))
}

function hashOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'hex').slice(0, HASH_LENGTH)
}

/** 128 bits: far beyond any accident. */
const HASH_LENGTH = 32
