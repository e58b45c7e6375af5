import { describe, expect, test } from 'vitest'
import type { LogFormat } from '../../src/log/format-record.js'
import { createLogger, type LogSink } from '../../src/log/logger.js'

const EXECUTION_ID = '3f9a1c2b-0000-4000-8000-000000000000'
const NOON = Date.UTC(2026, 10, 21, 12, 0, 0, 7)

function collect(format: LogFormat = 'text') {
  const lines: string[] = []
  const sink: LogSink = { minLevel: 'INFO', format, write: (line) => lines.push(line) }
  return { lines, sink }
}

function loggerOn(...sinks: LogSink[]) {
  return createLogger('archiver', sinks, { now: () => NOON, executionId: EXECUTION_ID })
}

describe('createLogger()', () => {
  test('text: time, name, level and message as the Python archiver, then the id, on each line of a message', () => {
    const { lines, sink } = collect()
    loggerOn(sink).named('archiver.import').warn('[Import] two\nlines')
    expect(lines).toHaveLength(2)
    for (const line of lines) {
      const [time, name, level, message] = line.split(' - ')
      expect(time).toMatch(/^2026-11-2\d \d\d:00:00,007$/)
      expect({ name, level }).toEqual({ name: 'archiver.import', level: 'WARNING' })
      expect(message).toMatch(/^(\[Import\] two|lines) \[3f9a1c2b\]$/)
    }
  })

  test('JSON: one line, whatever the message holds', () => {
    const { lines, sink } = collect('json')
    loggerOn(sink).error('[Migration] [Run 12] "quoted"\nsecond \u001b[31mred\u0085\u2028\u202e')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^[\x20-\x7e]+$/)
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      time: '2026-11-21T12:00:00.007Z',
      level: 'ERROR',
      logger: 'archiver',
      execution: EXECUTION_ID,
      stage: 'migration',
      run: 12,
      message: '[Migration] [Run 12] "quoted"\nsecond \u001b[31mred\u0085\u2028\u202e',
    })
  })

  test('text: control characters are shown, not obeyed', () => {
    const { lines, sink } = collect()
    loggerOn(sink).info('run\r\u001b[2K\u009b1A\u202eevil\tdone')
    expect(lines[0]).toContain('run\\x0d\\x1b[2K\\x9b1A\\u202eevil\tdone')
  })

  test('a line below the level of a sink does not reach it, and a sink that throws keeps no other from it', () => {
    const { lines, sink } = collect()
    const broken: LogSink = {
      minLevel: 'DEBUG',
      write: () => {
        throw new Error('broken')
      },
    }
    const logger = loggerOn(broken, sink)
    logger.debug('unseen')
    logger.info('seen')
    expect(lines.map((line) => line.split(' - ')[3])).toEqual(['seen [3f9a1c2b]'])
  })

  test('what redact() hides is hidden in every form', () => {
    const text = collect()
    const json = collect('json')
    createLogger('archiver', [text.sink, json.sink], { redact: (line) => line.replaceAll('hunter22', '***') }).info(
      'with hunter22',
    )
    expect([...text.lines, ...json.lines].join('\n')).not.toContain('hunter22')
    expect(text.lines[0]).toMatch(/ - with \*\*\*$/)
  })
})
