import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { formatDuration } from '../../src/cli/display/format-duration.js'
import { openDisplay } from '../../src/cli/display/open-display.js'
import { renderProgress } from '../../src/cli/display/render-progress.js'
import { estimateRest, RunProgress } from '../../src/cli/display/run-progress.js'
import type { Phase, RunEvent } from '../../src/index.js'

const PHASES = [
  { id: 'phase1', name: 'Extract' },
  { id: 'phase4', name: 'Synthesise' },
] as unknown as readonly Phase[]

const begin = (todo: number): RunEvent => ({ type: 'phase-begin', phase: 'phase4', reasons: ['new'], items: 10, todo })
const attempt = (item: string): RunEvent => ({
  type: 'attempt-begin',
  phase: 'phase4',
  item,
  attempt: 1,
  log: undefined,
})
const done = (item: string): RunEvent => ({ type: 'item-end', phase: 'phase4', item, status: 'success' })

describe('RunProgress', () => {
  test('counts only the items that have to be done, and tells how long the rest takes', () => {
    const progress = new RunProgress(PHASES, 0)
    for (const event of [begin(4), attempt('a'), done('a'), attempt('b')]) progress.apply(event, 0)
    progress.apply({ type: 'progress', phase: 'phase4', item: 'b', done: 0.5, message: 'halfway' }, 5_000)
    const lines = renderProgress(progress, { now: 6_000, columns: 100, useColor: false })
    expect(lines[0]).toBe('. phase1  Extract  ')
    expect(lines[1]).toMatch(
      / phase4 {2}Synthesise {2}\[#{8}-{12}\] 37 % {2}1\/4 of 10 items {2}6\.0 s {2}about 10 s left$/,
    )
    expect(lines[2]).toBe('    b  50 %  halfway  6.0 s')
  })

  test('does not guess before there is something to go by', () => {
    const progress = new RunProgress(PHASES, 0)
    for (const event of [begin(4), attempt('a')]) progress.apply(event, 0)
    const [, phase] = progress.phases
    expect(phase && estimateRest(phase, 60_000)).toBeUndefined()
    progress.apply(done('a'), 1000)
    expect(phase && estimateRest(phase, 1000)).toBeUndefined()
    expect(phase && estimateRest(phase, 4000)).toBe(12_000)
  })

  test('keeps to the width of the terminal', () => {
    const progress = new RunProgress(PHASES, 0)
    for (const event of [begin(4), attempt('x'.repeat(300))]) progress.apply(event, 0)
    for (const line of renderProgress(progress, { now: 0, columns: 40, useColor: false }))
      expect(line.length).toBeLessThan(40)
  })
})

function fakeTerminal(isTTY: boolean): { readonly stream: PassThrough; readonly text: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 80, rows: 24 })
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return { stream, text: () => text }
}

describe('openDisplay()', () => {
  test('draws on a terminal, and keeps the lines about failures', async () => {
    const { stream, text } = fakeTerminal(true)
    let showNote: ((line: string) => void) | undefined
    const display = await openDisplay({
      terminal: stream,
      now: () => 0,
      env: { NO_COLOR: '1' },
      redirectNotes: (show) => {
        showNote = show
      },
    })
    const onEvent = display.begin(PHASES, undefined)
    onEvent(begin(2))
    onEvent({ type: 'warning', phase: 'phase4', item: 'a', message: 'has been silent for 60 s\u001b[2J' })
    showNote?.('SIGINT: ending what runs')
    display[Symbol.dispose]()
    expect(text()).toContain('SIGINT: ending what runs\n')
    expect(showNote).toBeUndefined()
    expect(text()).toContain('phase4 a: has been silent for 60 s\\u001b[2J\n')
    expect(text()).toContain('| phase4  Synthesise')
  })

  test('prints plain lines elsewhere, with the input where there are several', async () => {
    const { stream, text } = fakeTerminal(false)
    using display = await openDisplay({ terminal: stream, now: () => 0, env: {}, redirectNotes: () => undefined })
    display.begin(PHASES, 'b1')(begin(2))
    display.end('b1', 'success')
    expect(text()).toBe(
      '1970-01-01T00:00:00Z b1: phase4: begins, 2 of 10 items, because new\n1970-01-01T00:00:00Z b1: success\n',
    )
  })
})

test.each([
  [0, '0.0 s'],
  [9_900, '9.9 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1m 00s'],
  [185_000, '3m 05s'],
  [7_800_000, '2h 10m'],
])('formatDuration(%i) is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})
