import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findSecrets } from '../../src/log/find-secrets.js'
import { Redactor } from '../../src/log/redact.js'

describe('Redactor', () => {
  test.each<[secret: string, text: string, expected: string]>([
    ['hunter22', 'login with hunter22 failed', 'login with *** failed'],
    ['p@ss/w rd', 'GET http://h/?key=p%40ss%2Fw%20rd', 'GET http://h/?key=***'],
    ['a"quoted\\one', String.raw`{"pass":"a\"quoted\\one"}`, '{"pass":"***"}'],
    ['writer:hunter22', `Basic ${btoa('writer:hunter22')}`, 'Basic ***'],
    ['a.*b(c', 'a.*b(c and axxb(c', '*** and axxb(c'],
    ['12345678', 'run 12345678', 'run ***'],
  ])('hides %j as it was told', (secret, text, expected) => {
    const redactor = new Redactor()
    redactor.learn([secret])
    expect(redactor.redact(text)).toBe(expected)
  })

  test.each<[text: string, expected: string]>([
    ['mongodb://user:p@ss@db.example.org/runs is down', 'mongodb://***@db.example.org/runs is down'],
    ['https://token@h:9443/a?b=c', 'https://***@h:9443/a?b=c'],
    ['{ Authorization: "Bearer abc", other: 1 }', '{ Authorization: "***", other: 1 }'],
    ['authorization: Digest username="w", response="00ff"', 'authorization: ***'],
    ['sent Bearer abcdefgh12', 'sent Bearer ***'],
    ['POST /x?a=1&access_token=tok&b=2', 'POST /x?a=1&access_token=***&b=2'],
    ['slack says no to xoxb-123-abc', 'slack says no to ***'],
  ])('hides what stands where credentials stand: %j', (text, expected) => {
    expect(new Redactor().redact(text)).toBe(expected)
  })

  test.each([
    'Basic functionality of mail@example.org',
    'https://ucondb.example.org:9443/instance/app@home',
    '[Import] [Run 12345] done',
    'the password is missing',
    'write mongodb://user:password@host:port/database',
  ])('leaves %j as it is', (text) => {
    const redactor = new Redactor()
    redactor.learn(['', 'abc', '12345'])
    expect(redactor.redact(text)).toBe(text)
  })

  test('no text shows a secret of at least four characters, whatever stands around it', () => {
    const secret = fc.string({ unit: 'grapheme', minLength: 4 }).filter((value) => !/^[\d*]+$/.test(value))
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1 }), fc.string(), fc.string(), (secrets, before, after) => {
        const redactor = new Redactor()
        redactor.learn(secrets)
        const [one = ''] = secrets
        // What is left of the text around it may happen to hold the secret only if it did before.
        const clean = redactor.redact(`${before}|${one}|${after}`)
        return !clean.includes(`|${one}|`)
      }),
    )
  })

  test('redactDocument() hides texts at any depth and leaves the rest', () => {
    const redactor = new Redactor()
    redactor.learn(['hunter22'])
    const document = { a: [{ b: 'with hunter22' }], n: 12, none: null, hunter22: true }
    expect(redactor.redactDocument(document)).toEqual({ a: [{ b: 'with ***' }], n: 12, none: null, hunter22: true })
  })
})

describe('findSecrets()', () => {
  test('finds what names, header tables and addresses tell', () => {
    const found = findSecrets({
      archive: { serverUrl: 'https://h', writerUser: 'w', writerPassword: 'secret-1' },
      database: { uri: 'mongodb://db:secret%202@host/runs' },
      reporting: {
        email: { smtp_user: 'm', smtp_password: 'secret-3', smtp_host: 'mail', smtp_password_file: '/etc/file-1' },
        slack: { bot_token: 'secret-4', channel: '#daq' },
        webhooks: [{ webhook_url: 'https://hook/secret-5' }],
      },
      metrics: { otlp: { headers: { 'x-tenant': 'secret-6' } } },
      env: { CREDENTIALS_DIRECTORY: '/run/credentials/archiver', API_TOKEN: 'secret-7' },
      nothing: undefined,
      missing: null,
    })
    expect(found.sort()).toEqual(
      [
        'secret-1',
        'w:secret-1',
        '\0w\0secret-1',
        'secret%202',
        'secret 2',
        'secret-3',
        'm:secret-3',
        '\0m\0secret-3',
        'secret-4',
        'https://hook/secret-5',
        'secret-6',
        'secret-7',
      ].sort(),
    )
  })
})
