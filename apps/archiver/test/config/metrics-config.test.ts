import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/index.js'
import { makeSite } from '../support/site.js'

const dir = useTempDir()

async function load(extra: string) {
  const site = makeSite(dir())
  site.configure({}, extra)
  const env = { OTLP_TOKEN: 'hunter22' }
  return (await loadConfig(site.configPath, { env, currentDir: '/here' })).config
}

describe('loadConfig(), metrics and logging', () => {
  test('everything is off unless it is asked for', async () => {
    const { metrics, logFormat } = await load('')
    expect({ metrics, logFormat }).toEqual({
      metrics: { textfile: undefined, labels: {}, otlp: undefined },
      logFormat: 'text',
    })
  })

  test('reads the section, with paths relative to the current folder and values from the environment', async () => {
    const { metrics } = await load(
      "metrics:\n  textfile: m/archiver.prom\n  labels: {experiment: icarus, detector: 1}\n  otlp:\n    enabled: true\n    endpoint: https://c/v1/metrics\n    headers: {Authorization: 'Bearer ${OTLP_TOKEN}'}\n    headers_file: h\n    temporality: cumulative\n",
    )
    expect(metrics).toEqual({
      textfile: '/here/m/archiver.prom',
      labels: { experiment: 'icarus', detector: '1' },
      otlp: {
        endpoint: 'https://c/v1/metrics',
        headers: { Authorization: 'Bearer hunter22' },
        headersFile: '/here/h',
        temporality: 'cumulative',
      },
    })
  })

  test.each<[what: string, extra: string, key: string]>([
    ['a textfile that the collector would ignore', 'metrics:\n  textfile: /x/archiver.txt\n', 'metrics.textfile'],
    ['a label that Prometheus refuses', 'metrics:\n  labels: {a-b: c}\n', 'metrics.labels'],
    ['OpenTelemetry without an endpoint', 'metrics:\n  otlp: {enabled: true}\n', 'metrics.otlp.endpoint'],
    ['an endpoint that is no address', 'metrics:\n  otlp: {endpoint: collector}\n', 'metrics.otlp.endpoint'],
    ['headers as a list', 'metrics:\n  otlp:\n    headers: [hunter22]\n', 'metrics.otlp.headers'],
    ['a header with a line end', 'metrics:\n  otlp:\n    headers: {A: "hunter22\\nB: c"}\n', 'metrics.otlp.headers'],
    ['a key that is not there', 'metrics:\n  text_file: /x.prom\n', 'metrics.text_file'],
  ])('%s is a mistake that names the key and shows no value', async (_, extra, key) => {
    const error = await load(extra).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_CONFIGURATION' })
    expect(String(error)).toContain(`${key}: `)
    expect(String(error)).not.toContain('hunter22')
  })

  test('a log format that is none is a mistake', async () => {
    const site = makeSite(dir())
    site.configure({ log_format: 'xml' })
    await expect(loadConfig(site.configPath, { env: {}, currentDir: '/' })).rejects.toThrow(
      'app.log_format: expected one of',
    )
  })
})
