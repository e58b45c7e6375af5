import type { Phase, Pipeline } from '../pipeline.js'
import { checkVariables } from './check-variables.js'
import type { ParsedPhase, ParsedPipeline } from './definition-schema.js'
import type { Mistake } from './mistake.js'
import { suggestName } from './nearest-name.js'

/** What pipeline.json has at its top for itself. */
const RESERVED = new Set([
  'pipeline_version',
  'created_at',
  'last_updated',
  'file_id',
  'input_file',
  'tts_profile',
  'tts_voice',
  'voice_overrides',
  'phases',
  'batch_runs',
  'inputs',
])

/** Puts the phases into an order in which they can run, and finds what single fields cannot show. */
export function toPipeline(
  parsed: ParsedPipeline,
  { source, folder }: { readonly source: string; readonly folder: string },
): { readonly pipeline: Pipeline; readonly mistakes: readonly Mistake[] } {
  const phases = parsed.phases.map((phase, index) => toPhase(phase, parsed.phases[index - 1]?.id))
  const { sorted, mistakes } = sortPhases(phases)
  const { name, fileId, params, slots } = parsed
  const pipeline: Pipeline = { name, source, folder, fileId, params, slots, phases: sorted }
  const all = [...mistakes, ...checkPhases(pipeline, phases)]
  // Which outputs a phase knows is only clear when needs are.
  if (mistakes.length === 0) all.push(...checkVariables(pipeline))
  return { pipeline, mistakes: all.map((mistake) => locate(mistake, phases)) }
}

function toPhase(parsed: ParsedPhase, previous: string | undefined): Phase {
  const { id, name = id, timeout, quietTimeout, needs, check, ...rest } = { check: undefined, ...parsed }
  return {
    id,
    name,
    work: toWork(parsed),
    timeoutMs: timeout,
    quietTimeoutMs: quietTimeout,
    needs: needs ?? (previous === undefined ? [] : [previous]),
    check,
    retries: rest.retries,
    inputs: rest.inputs,
    outputs: rest.outputs,
    params: rest.params,
    items: rest.items,
    optional: rest.optional,
    acceptPartial: rest.acceptPartial,
    slots: rest.slots,
  }
}

function toWork(parsed: ParsedPhase): Phase['work'] {
  if ('run' in parsed) return { kind: 'function', run: parsed.run as (context: unknown) => unknown }
  const { command, shell, cwd, env } = parsed
  return {
    kind: 'command',
    argv: typeof command === 'string' ? undefined : command,
    shellLine: typeof command === 'string' && shell ? command : undefined,
    cwd,
    pass: env.pass,
    set: env.set,
  }
}

function sortPhases(phases: readonly Phase[]): { readonly sorted: Phase[]; readonly mistakes: Mistake[] } {
  const mistakes: Mistake[] = []
  const ids = phases.map(({ id }) => id)
  for (const [index, { id, needs }] of phases.entries()) {
    if (ids.indexOf(id) !== index)
      mistakes.push({ path: ['phases', index, 'id'], message: `'${id}' is the id of another phase` })
    if (RESERVED.has(id))
      mistakes.push({ path: ['phases', index, 'id'], message: `'${id}' has a meaning of its own in pipeline.json` })
    for (const [place, need] of needs.entries()) {
      if (!ids.includes(need)) {
        mistakes.push({
          path: ['phases', index, 'needs', place],
          message: `there is no phase '${need}'${suggestName(need, ids)}`,
        })
      }
    }
  }
  const sorted: Phase[] = []
  const isReady = ({ needs }: Phase): boolean =>
    needs.every((need) => !ids.includes(need) || sorted.some(({ id }) => id === need))
  for (let rest = [...phases]; rest.length > 0; ) {
    const next = rest.find(isReady)
    if (next === undefined) {
      const circle = rest.map(({ id }) => id).join(', ')
      mistakes.push({
        path: ['phases', phases.indexOf(rest[0] as Phase), 'needs'],
        message: `these phases need each other: ${circle}`,
      })
      return { sorted: [...phases], mistakes }
    }
    sorted.push(next)
    rest = rest.filter((phase) => phase !== next)
  }
  return { sorted, mistakes }
}

function checkPhases(pipeline: Pipeline, phases: readonly Phase[]): Mistake[] {
  const mistakes: Mistake[] = []
  const writers = new Map<string, string>()
  for (const [index, phase] of phases.entries()) {
    const add = (path: PropertyKey[], message: string): unknown =>
      mistakes.push({ path: ['phases', index, ...path], message })
    const { work } = phase
    if (work.kind === 'command' && work.argv === undefined && work.shellLine === undefined) {
      add(
        ['command'],
        "must be a list of a program and its arguments; a line for a shell needs 'shell: true' beside it",
      )
    }
    for (const [name, count] of Object.entries(phase.slots)) {
      const there = pipeline.slots[name] ?? 0
      if (count > there)
        add(
          ['slots', name],
          `needs ${count} of '${name}', and the pipeline has ${there}${suggestName(name, Object.keys(pipeline.slots))}`,
        )
    }
    for (const [name, { path }] of Object.entries(phase.outputs)) {
      const writer = writers.get(path)
      if (writer !== undefined) add(['outputs', name], `'${path}' is an output of '${writer}', too`)
      writers.set(path, phase.id)
      if (phase.items !== undefined && !path.includes('${item.')) {
        add(['outputs', name], 'must be another path for each item: use ${item.id}')
      }
    }
  }
  return mistakes
}

/** Mistakes that name a phase by its id get its place in the file. */
function locate({ path, message }: Mistake, phases: readonly Phase[]): Mistake {
  const [top, id, ...rest] = path
  if (top !== 'phases' || typeof id !== 'string') return { path, message }
  return { path: ['phases', phases.findIndex((phase) => phase.id === id), ...rest], message }
}
