import { harmless } from '@holdfast/cli-kit'
import type { RunPlan, RunResult } from '../run/run-result.js'
import { formatBytes, formatCount, formatSeconds, table } from './format.js'

export function renderPlan({ requests, more, name }: RunPlan): string {
  if (requests.length === 0) return `Nothing is left to fetch for ${name}\n`
  const rows = requests.map((request) => [request.locator, request.name])
  return `${table(rows)}Would begin with ${plural(requests.length, 'request')}${more ? ', and there are more' : ''}\n`
}

export function renderResult(result: RunResult): string {
  const { counts, seconds, name } = result
  const lines = [
    `${name}: ${plural(counts.pages, 'page')}, ${plural(counts.items, 'item')}, ${formatBytes(counts.bytes)} in ${formatSeconds(seconds)}`,
  ]
  const others = [
    ...(counts.empty > 0 ? [`${formatCount(counts.empty)} empty`] : []),
    ...(counts.unchanged > 0 ? [`${formatCount(counts.unchanged)} unchanged`] : []),
    ...(counts.failures > 0 ? [`${plural(counts.failures, 'attempt')} failed`] : []),
  ]
  if (others.length > 0) lines.push(`  ${others.join(', ')}`)
  lines.push(...describeLeft(result))
  return lines.map((line) => `${harmless(line)}\n`).join('')
}

/** What is left, when it will be tried, and what somebody has to do. */
function describeLeft({ left, name, end, counts }: RunResult): string[] {
  const lines: string[] = []
  const sum = (field: 'ready' | 'retries' | 'leased' | 'givenUp'): number =>
    left.reduce((total, each) => total + each[field], 0)
  const [ready, retries, leased, givenUp] = [sum('ready'), sum('retries'), sum('leased'), sum('givenUp')]
  const next = left.flatMap(({ nextRetryAt }) => nextRetryAt ?? [])
  if (retries > 0) {
    lines.push(`  ${plural(retries, 'request')} will be tried again, the first at ${next.sort()[0] ?? 'its time'}`)
  }
  if (givenUp > 0) {
    const earlier = givenUp - counts.givenUp
    const note = earlier > 0 ? ` (${formatCount(earlier)} of them not by an attempt of this run)` : ''
    lines.push(
      `  ${plural(givenUp, 'request')} given up${note}; see 'fetcher failures ${name}', then 'fetcher retry ${name}'`,
    )
  }
  if (leased > 0) lines.push(`  ${plural(leased, 'request')} with other processes, or with one that was killed`)
  if (ready > 0) lines.push(`  ${plural(ready, 'request')} left for the next run`)
  const why = ENDS[end]
  if (why !== undefined) lines.push(`  ${why}`)
  return lines
}

const ENDS: Readonly<Partial<Record<RunResult['end'], string>>> = {
  limit: 'Ended at the limit',
  drained: 'Interrupted; what was under way is finished, and the next run goes on from here',
  stopped: 'Stopped; what was under way was given back, and the next run goes on from here',
}

export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}
