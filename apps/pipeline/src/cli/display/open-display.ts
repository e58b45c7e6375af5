import { harmless } from '@holdfast/cli-kit'
import type { Phase } from '../../pipeline.js'
import type { RunEvent } from '../../run/events.js'
import type { CommandContext } from '../command.js'
import { shorten } from '../shorten.js'
import { describeEvent } from './describe-event.js'
import { LiveScreen } from './live-screen.js'
import { openLogUpdate } from './log-update.js'
import { describeRun, renderProgress } from './render-progress.js'
import { fractionOf, RunProgress } from './run-progress.js'

/** Shows runs while they go on. */
export interface Display extends Disposable {
  /** A run begins; the result takes what it tells. `label` says which one where there are several. */
  readonly begin: (phases: readonly Phase[], label: string | undefined) => (event: RunEvent) => void
  readonly end: (label: string, outcome: string) => void
}

type DisplayContext = Pick<CommandContext, 'terminal' | 'now' | 'env' | 'redirectNotes'>

/** On a terminal a picture that moves, otherwise plain lines; on stderr, both. */
export async function openDisplay(context: DisplayContext): Promise<Display> {
  return context.terminal.isTTY === true ? openLive(context) : openPlain(context)
}

function openPlain({ terminal, now }: DisplayContext): Display {
  const write = (text: string): void => {
    terminal.write(`${new Date(now()).toISOString().slice(0, 19)}Z ${text}\n`, () => undefined)
  }
  return {
    begin: (phases, label) => {
      const progress = new RunProgress(phases, now())
      const prefix = label === undefined ? '' : `${harmless(label)}: `
      let toldAt = now()
      return (event) => {
        progress.apply(event, now())
        const lines = describeEvent(event)
        if (lines !== undefined) for (const line of lines) write(`${prefix}${line}`)
        else if (
          now() - toldAt >= PROGRESS_EVERY_MS &&
          progress.phases.some((phase) => fractionOf(phase) !== undefined)
        )
          write(`${prefix}${describeRun(progress, now())}`)
        else return
        toldAt = now()
      }
    },
    end: (label, outcome) => write(`${harmless(label)}: ${outcome}`),
    [Symbol.dispose]: () => undefined,
  }
}

async function openLive({ terminal, now, env, redirectNotes }: DisplayContext): Promise<Display> {
  const runs = new Map<string | undefined, RunProgress>()
  const columns = (): number => Math.max(20, terminal.columns || 80)
  const useColor = env['NO_COLOR'] === undefined || env['NO_COLOR'] === ''
  const render = (): string[] => {
    const single = runs.get(undefined)
    if (single !== undefined) return renderProgress(single, { now: now(), columns: columns(), useColor })
    return [...runs].map(([label, progress]) =>
      shorten(`${harmless(label ?? '')}: ${describeRun(progress, now())}`, columns() - 1),
    )
  }
  const screen = new LiveScreen(await openLogUpdate(terminal), render)
  redirectNotes((line) => screen.note(line))
  return {
    begin: (phases, label) => {
      const progress = new RunProgress(phases, now())
      runs.set(label, progress)
      return (event) => {
        progress.apply(event, now())
        if (event.type !== 'attempt-failed' && event.type !== 'warning') return
        const prefix = label === undefined ? '' : `${harmless(label)}: `
        for (const line of describeEvent(event) ?? []) screen.note(`${prefix}${line}`)
      }
    },
    end: (label, outcome) => {
      runs.delete(label)
      screen.note(`${harmless(label)}: ${outcome}`)
    },
    [Symbol.dispose]: () => {
      redirectNotes(undefined)
      screen[Symbol.dispose]()
    },
  }
}

const PROGRESS_EVERY_MS = 10_000
