import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/index.js'

const dir = useTempDir()

const STORES = `source_files:
  run_records_dir: /daq/run_records
artdaq_db:
  database_uri: filesystemdb:///data/db_archive
  fcl_conf_dir: /data/conf
ucon_db:
  server_url: file:///data/ucondb
  folder_name: runs
  object_name: configuration
`

async function load(reporting: string) {
  const path = join(dir(), 'config.yaml')
  writeFileSync(path, `${STORES}reporting:\n${reporting}`)
  return (await loadConfig(path, { env: { HOOK: 'https://hooks.example.org/s3cret' }, currentDir: '/here' })).config
    .reporting
}

describe('loadConfig(), reporting', () => {
  test('all channels are off by default, and alerts come once an hour at most', async () => {
    const found = await load('  email: {}\n')
    expect(found).toMatchObject({
      email: { enabled: false, smtp_port: 25, smtp_use_tls: false, smtp_tls_verify: true },
      slack: { enabled: false, api_url: 'https://slack.com/api' },
      webhook: { enabled: false, headers: {}, timeout_seconds: 10 },
      min_interval_minutes: 60,
      timeout_seconds: 15,
    })
  })

  test('secrets come from the environment or from files, whose paths are relative to the current folder', async () => {
    const found = await load(
      '  slack:\n    enabled: true\n    bot_token_file: secrets/slack\n    channel: C1\n  webhook:\n    enabled: true\n    url: ${HOOK}\n    token_file: /etc/token\n',
    )
    expect(found.slack.bot_token_file).toBe('/here/secrets/slack')
    expect(found.webhook).toMatchObject({ url: 'https://hooks.example.org/s3cret', token_file: '/etc/token' })
  })

  test.each([
    ['  webhook:\n    enabled: true\n', 'reporting.webhook.url: is required when enabled is true'],
    [
      '  webhook:\n    url: ftp://me:s3cret@host/\n',
      'reporting.webhook.url: expected http://… or https://…, found something else',
    ],
    [
      '  webhook:\n    headers: { X-Key: "s3cret\\r\\nX: y" }\n',
      'reporting.webhook.headers: expected a table of header names',
    ],
    [
      '  webhook:\n    headers: { "bad name": s3cret }\n',
      'reporting.webhook.headers: expected a table of header names',
    ],
    ['  webhook:\n    url: http://h/s3cret\n    url_file: /u\n', 'reporting.webhook.url_file: takes the place of url'],
    [
      '  slack:\n    bot_token: s3cret\n    bot_token_file: /t\n',
      'reporting.slack.bot_token_file: takes the place of bot_token',
    ],
    [
      '  email:\n    smtp_password: s3cret\n    smtp_password_file: /p\n',
      'reporting.email.smtp_password_file: takes the place',
    ],
    ['  slack:\n    api_url: socks://me:s3cret@host/api\n', 'reporting.slack.api_url: expected'],
    ['  min_interval_minutes: -1\n', 'reporting.min_interval_minutes: expected a whole number'],
    ['  webhok: {}\n', "reporting.webhok: there is no such key; did you mean 'webhook'?"],
  ])('%j is refused, without a secret in the message', async (text, message) => {
    const error = await load(text).then(
      () => new Error('It was accepted'),
      (reason: Error) => reason,
    )
    expect(error.message).toContain(message)
    expect(error.message).not.toContain('s3cret')
  })
})
