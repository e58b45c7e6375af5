import type { AlertStage, RunNote, StageNews } from './alert.js'
import type { AlertMemory, Told, ToldChannel } from './alert-memory.js'
import { notePast, type PastContext } from './past-events.js'
import { plainLine } from './plain-text.js'
import type { StageFacts } from './stage-facts.js'

const NOTHING_TOLD: Told = { failures: [], knowsOfFailures: false, lastProblem: 0 }
// What is kept of reasons until they are told. The failure log itself knows all runs.
const MAX_ERRORS = 200
const MAX_PROBLEMS = 1_000

/** Adds what is not in the failure logs to what must not be forgotten, and takes runs that are no longer failed out of what was told. */
export function absorbFacts(before: AlertMemory, facts: readonly StageFacts[], context: PastContext): AlertMemory {
  const { redact } = context
  const memory = notePast(before, facts, context)
  const errors = { ...memory.errors }
  const problems = [...memory.problems]
  let { lastProblem } = memory
  for (const { stage, ...found } of facts) {
    for (const { run, error } of found.problems) {
      lastProblem += 1
      problems.push({ number: lastProblem, stage, run, error: plainLine(redact(error)) })
    }
    const fresh = found.errors.map(({ run, error }) => [String(run), plainLine(redact(error))] as const)
    const known = Object.entries(errors[stage] ?? {}).filter(([run]) => found.failures?.includes(Number(run)) !== false)
    const kept = Object.fromEntries([...new Map([...known, ...fresh])].slice(0, MAX_ERRORS))
    if (Object.keys(kept).length > 0) errors[stage] = kept
    else delete errors[stage]
  }
  const channels = Object.fromEntries(
    Object.entries(memory.channels).map(([name, channel]) => [name, { ...channel, stages: withoutMended(channel) }]),
  )
  return { ...memory, channels, errors, problems: problems.slice(-MAX_PROBLEMS), lastProblem }

  function withoutMended({ stages }: ToldChannel): ToldChannel['stages'] {
    const left = { ...stages }
    for (const { stage, failures } of facts) {
      const told = left[stage]
      if (told === undefined || failures === undefined) continue
      const current = new Set(failures)
      left[stage] = { ...told, failures: told.failures.filter((run) => current.has(run)) }
    }
    return left
  }
}

/** What a channel does not know yet. Stages without news are left out. */
export function findNews(memory: AlertMemory, channel: string, facts: readonly StageFacts[]): StageNews[] {
  return facts.map((found) => newsOf(found)).filter((news) => isNews(news))

  function newsOf({ stage, failures = [], stopped, ...found }: StageFacts): StageNews {
    const told = memory.channels[channel]?.stages[stage] ?? NOTHING_TOLD
    const known = new Set(told.failures)
    const notes: RunNote[] = failures
      .filter((run) => !known.has(run))
      .map((run) => ({ run, error: memory.errors[stage]?.[String(run)] }))
    return {
      stage,
      failures: notes,
      outstanding: failures.length,
      problems: memory.problems.filter((each) => each.stage === stage && each.number > told.lastProblem),
      past: memory.past
        .filter((each) => each.stage === stage && each.number > told.lastProblem && !each.knownBy.includes(channel))
        .map(({ text }) => text),
      stopped: stopped !== undefined && stopped.reason !== told.stopped ? stopped.error : undefined,
      goesOn: stopped === undefined && told.stopped !== undefined,
      noFailuresLeft: told.knowsOfFailures && found.failureLog !== undefined && isEmpty(stage),
      failureLog: found.failureLog,
    }
  }

  function isEmpty(stage: AlertStage): boolean {
    return facts.find((found) => found.stage === stage)?.failures?.length === 0
  }
}

/** What is remembered once a channel has accepted an alert. */
export function rememberTold(
  memory: AlertMemory,
  channel: string,
  accepted: readonly AlertStage[],
  facts: readonly StageFacts[],
  now: number,
): AlertMemory {
  const before = memory.channels[channel] ?? { stages: {} }
  const stages = { ...before.stages }
  for (const { stage, failures, stopped } of facts.filter((found) => accepted.includes(found.stage))) {
    const told = stages[stage] ?? NOTHING_TOLD
    const { stopped: _stoppedBefore, ...rest } = told
    stages[stage] = {
      ...rest,
      failures: [...(failures ?? told.failures)],
      knowsOfFailures: failures === undefined ? told.knowsOfFailures : failures.length > 0,
      lastProblem: memory.lastProblem,
      ...(stopped === undefined ? {} : { stopped: stopped.reason }),
    }
  }
  const channels = { ...memory.channels, [channel]: { lastSentAt: new Date(now).toISOString(), stages } }
  return { ...memory, channels }
}

/** Drops what all channels know. */
export function forgetTold(memory: AlertMemory, channels: readonly string[]): AlertMemory {
  const toldOf = (stage: string): Told[] => channels.map((name) => memory.channels[name]?.stages[stage] ?? NOTHING_TOLD)
  const problems = memory.problems.filter(({ stage, number }) =>
    toldOf(stage).some((told) => number > told.lastProblem),
  )
  const errors = Object.fromEntries(
    Object.entries(memory.errors)
      .map(([stage, all]) => {
        const known = toldOf(stage).map((told) => new Set(told.failures))
        const untold = Object.entries(all).filter(([run]) => known.some((runs) => !runs.has(Number(run))))
        return [stage, Object.fromEntries(untold)] as const
      })
      .filter(([, left]) => Object.keys(left).length > 0),
  )
  const past = memory.past.filter(({ stage, number, knownBy }) =>
    channels.some((name) => {
      const { lastProblem } = memory.channels[name]?.stages[stage] ?? NOTHING_TOLD
      return number > lastProblem && !knownBy.includes(name)
    }),
  )
  return { ...memory, problems, errors, past }
}

function isNews({ failures, problems, past, stopped, goesOn, noFailuresLeft }: StageNews): boolean {
  return (
    failures.length > 0 || problems.length > 0 || past.length > 0 || stopped !== undefined || goesOn || noFailuresLeft
  )
}
