import { harmless } from '@holdfast/cli-kit'
import type { PhasePreview, RunPreview, Verdict } from '../../preview/preview-run.js'

/** What a run would do, a phase a line, each with its reasons below. */
export function renderPreview({ fileId, state, isBusy, phases }: RunPreview): string {
  const width = Math.max(0, ...phases.map(({ phase }) => phase.length))
  const lines = phases.flatMap((phase) => renderPhase(phase, width))
  const busy = isBusy ? [`Another process is at work on '${harmless(fileId)}'; a run would be refused`] : []
  return [`${harmless(fileId)}, recorded in '${harmless(state)}':`, ...lines, ...busy]
    .map((line) => `${line}\n`)
    .join('')
}

/** The same for programs. */
export function previewDocument({ phases, ...rest }: RunPreview): object {
  return { dryRun: true, ...rest, phases: phases.map(({ record: _, ...phase }) => phase) }
}

export function renderPhase({ phase, verdict, items, reasons }: PhasePreview, width: number): string[] {
  const many = items === undefined ? '' : `, ${items.todo} of ${items.total} items`
  const [reason = '', ...more] = reasons.map(harmless)
  const head = `  ${phase.padEnd(width)}  ${VERDICTS[verdict]}${many}: ${reason}`
  return [head, ...more.map((text) => `  ${' '.repeat(width)}    ${text}`)]
}

const VERDICTS: Readonly<Record<Verdict, string>> = {
  run: 'would run',
  unchanged: 'unchanged',
  perhaps: 'may run',
  skipped: 'would be skipped',
  failed: 'would fail',
}
