import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@holdfast/testkit/seeded-random'
import { findRecorded } from './find-recorded.ts'
import { makePipelineSite, type PipelineSite, readExecutions } from './pipeline-site.ts'

export interface PipelineTortureOptions {
  /** An empty folder to work in. */
  readonly folder: string
  /** Inputs that are run to their end at least. */
  readonly runs: number
  readonly kills: number
  readonly jobs: number
  readonly chunks: number
  readonly seed: number
}

export interface PipelineTortureReport {
  /** Orchestrators that were ended by SIGKILL. */
  readonly kills: number
  /** Phases that were. */
  readonly phaseKills: number
  readonly executions: number
  readonly violations: readonly string[]
}

const SCRIPT = fileURLToPath(new URL('run-once.ts', import.meta.url))
/** One kill in four hits a phase and not the orchestrator. */
const PHASE_SHARE = 0.25

/**
 * Kills orchestrators and phases with SIGKILL at random moments and starts again, until that many kills have happened and that many inputs are done. After
 * every end it compares what is recorded with what the commands have noted about themselves.
 */
export async function torturePipeline(options: PipelineTortureOptions): Promise<PipelineTortureReport> {
  const random = seededRandom(options.seed)
  const reference = makePipelineSite(join(options.folder, 'reference'), options.chunks)
  const begun = performance.now()
  const first = await execute(reference, 0, options.jobs)
  if (first.output !== 'success') throw new Error(`The pipeline fails undisturbed: ${first.output}\n${first.errors}`)
  const undisturbedMs = performance.now() - begun
  const violations: string[] = []
  const counts = { kills: 0, phaseKills: 0, executions: 0 }
  const total = (): number => counts.kills + counts.phaseKills
  for (let run = 1; run <= options.runs || total() < options.kills; run += 1) {
    const site = makePipelineSite(join(options.folder, `run-${run}`), options.chunks)
    // The kills that are left are spread over the runs that are left.
    const wanted = Math.ceil((options.kills - total()) / Math.max(1, options.runs - run + 1))
    const done = new Set<string>()
    let isDone = false
    for (let turn = 1, killed = 0; !isDone; turn += 1) {
      const before = total()
      const earlier = readExecutions(site).length
      const exit = await execute(site, turn, options.jobs, killed < wanted ? nextKill() : undefined)
      counts.executions += 1
      if (exit.signal === 'SIGKILL') counts.kills += 1
      else if (exit.code !== 0) violations.push(`run ${run}: ended with ${exit.code}: ${exit.errors}`)
      counts.phaseKills += exit.phaseKills
      killed += total() - before
      violations.push(
        ...(await findViolations(site, turn, earlier, done)).map((text) => `run ${run}, turn ${turn}: ${text}`),
      )
      isDone = exit.output === 'success'
      if (turn > options.kills + 20)
        throw new Error(`${site.folder} does not come to its end: ${exit.output} ${exit.errors}`)
    }
    violations.push(...(await findLeftUndone(site)).map((text) => `run ${run}: ${text}`))
  }
  return { ...counts, violations }

  function nextKill(): Kill {
    return { target: random() < PHASE_SHARE ? 'phase' : 'orchestrator', afterMs: random() * undisturbedMs }
  }
}

interface Kill {
  readonly target: 'phase' | 'orchestrator'
  readonly afterMs: number
}

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
  readonly errors: string
  readonly phaseKills: number
}

function execute(site: PipelineSite, turn: number, jobs: number, kill?: Kill): Promise<Exit> {
  const child = spawn(process.execPath, [SCRIPT, site.pipelinePath, site.inputPath, String(jobs)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TORTURE_RUN: String(turn) },
  })
  const texts = { output: '', errors: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.errors += text
  })
  let phaseKills = 0
  const strike = (): void => {
    if (kill?.target === 'orchestrator') child.kill('SIGKILL')
    else if (child.pid !== undefined && killPhase(child.pid)) phaseKills += 1
  }
  const timer = kill === undefined ? undefined : setTimeout(strike, kill.afterMs)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, ...texts, phaseKills })
    })
  })
}

/** Kills a child of the orchestrator, if it has one at the moment. */
function killPhase(parent: number): boolean {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'utf8')
      if (text.slice(text.lastIndexOf(')') + 2).split(' ')[1] !== String(parent)) continue
      process.kill(Number(name), 'SIGKILL')
      return true
    } catch {
      // It has ended meanwhile.
    }
  }
  return false
}

/** `earlier`: so many executions had been noted before this turn. `done`: what was recorded as done by then; it is brought up to date. */
async function findViolations(site: PipelineSite, turn: number, earlier: number, done: Set<string>): Promise<string[]> {
  const violations: string[] = []
  // First what is recorded: what is noted later than that may be more, never less.
  const recorded = await findRecorded(site)
  const executions = readExecutions(site)
  for (const { kind, run, unit } of executions.slice(earlier)) {
    if (kind === 'begin' && run === turn && done.has(unit)) violations.push(`${unit} was done and is done again`)
  }
  const firstOwn = executions.findIndex(({ run }) => run === turn)
  const late = firstOwn === -1 ? [] : executions.slice(firstOwn).filter(({ run }) => run < turn)
  for (const { kind, run, unit } of late) violations.push(`${unit} of turn ${run} goes on (${kind}) beside this one`)
  const ended = new Set(executions.filter(({ kind }) => kind === 'end').map(({ unit }) => unit))
  for (const { unit, status, badFiles } of recorded) {
    if (status !== 'success') continue
    const isOfItems = recorded.some((other) => other.unit.startsWith(`${unit}/`))
    if (!isOfItems && !ended.has(unit)) violations.push(`${unit} is recorded as done and never was`)
    if (isOfItems && recorded.some((other) => other.unit.startsWith(`${unit}/`) && other.status !== 'success'))
      violations.push(`${unit} is recorded as done, and not all of its items are`)
    violations.push(...badFiles.map((file) => `${unit} is recorded as done, and ${file}`))
    if (!isOfItems) done.add(unit)
  }
  return violations
}

async function findLeftUndone(site: PipelineSite): Promise<string[]> {
  const recorded = await findRecorded(site)
  const violations = recorded.flatMap(({ unit, status, hasOwner }) =>
    status === 'success' && !hasOwner
      ? []
      : [`${unit} is ${String(status)}${hasOwner ? ' and has an owner' : ''} at the end`],
  )
  if (readFileSync(site.book.path, 'utf8') !== site.book.text) violations.push('the book is not complete')
  return violations
}
