import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { type Keys, reporting } from '../support/reporting.js'
import { runArchiver } from '../support/run-archiver.js'
import { serveHttp } from '../support/serve-http.js'
import { makeSite, type Site } from '../support/site.js'

const dir = useTempDir()
const TOKEN = 'xoxb-not-to-be-seen'

function slackSite(url: string, keys: Keys = {}, common: Keys = {}, broken: readonly number[] = [101]): Site {
  const site = makeSite(dir())
  site.addRuns(broken)
  for (const run of broken) site.breakRun(run)
  const slack = { bot_token: TOKEN, channel: '#daq', api_url: `${url}/api/`, ...keys }
  site.configure({ run_process_retries: 0 }, reporting({ slack }, common))
  return site
}

describe('archiver, alerts by Slack', () => {
  test('posts host, time, stage, count, the first ten runs and mentions', async () => {
    const receiver = await serveHttp()
    const runs = Array.from({ length: 12 }, (_, index) => 101 + index)
    const site = slackSite(receiver.url, { mention_users: 'U01, U02<!channel>,' }, {}, runs)
    await runArchiver([site.configPath])
    expect(receiver.requests).toHaveLength(1)
    const [request] = receiver.requests
    expect(request).toMatchObject({ path: '/api/chat.postMessage', headers: { authorization: `Bearer ${TOKEN}` } })
    const { channel, text, blocks } = request?.document ?? {}
    expect(channel).toBe('#daq')
    expect(text).toBe(`Run Record Archiver Import Failures on ${hostname()}: 12 failed <@U01> <@U02channel>`)
    expect(blocks[0]).toEqual({
      type: 'header',
      text: { type: 'plain_text', text: 'Run Record Archiver Import Failures' },
    })
    expect(blocks[1].fields.map((field: { text: string }) => field.text)).toEqual([
      `*Host:*\n${hostname()}`,
      expect.stringMatching(/^\*Time:\*\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      '*Stage:*\nImport',
      '*Failed runs:*\n12',
    ])
    expect(blocks[2].text.text).toBe('*Runs:* 101, 102, 103, 104, 105, 106, 107, 108, 109, 110 … and 2 more')
    expect(blocks.at(-1).text.text).toBe('<@U01> <@U02channel>')
    for (const block of blocks.slice(2)) expect(block.text.text.length).toBeLessThanOrEqual(3_000)
  })

  test('takes the token from a file', async () => {
    const receiver = await serveHttp()
    const file = join(dir(), 'token')
    writeFileSync(file, 'xoxb-from-file\n')
    const site = slackSite(receiver.url)
    site.configure({}, reporting({ slack: { bot_token_file: file, channel: 'C1', api_url: receiver.url } }))
    await runArchiver([site.configPath])
    expect(receiver.requests[0]?.headers.authorization).toBe('Bearer xoxb-from-file')
  })

  test('waits as long as a 429 says when there is time for it', async () => {
    const receiver = await serveHttp((response, count) => {
      if (count > 1) return response.end('{"ok":true}')
      response.writeHead(429, { 'retry-after': '1' }).end()
    })
    const site = slackSite(receiver.url)
    const begun = Date.now()
    const { stderr } = await runArchiver([site.configPath])
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1_000)
    expect(receiver.requests).toHaveLength(2)
    expect(stderr).toContain('Alert sent by slack')
  })

  const CUT = (response: ServerResponse): void => void response.destroy()
  test.each<[string, (response: ServerResponse) => void, string]>([
    [
      'answers 200 with ok:false',
      (response) => response.end(`{"ok":false,"error":"invalid_auth ${TOKEN}"}`),
      'invalid_auth',
    ],
    ['answers 200 with ok as a text', (response) => response.end('{"ok":"true"}'), 'refused'],
    ['answers 200 with a page', (response) => response.end('<html>login</html>'), 'not JSON'],
    ['asks to wait for an hour', (response) => response.writeHead(429, { 'retry-after': '3600' }).end(), '429'],
    ['redirects', (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(), '302'],
    ['is broken', (response) => response.writeHead(500).end('{"ok":true}'), '500'],
    ['cuts the connection', CUT, 'no answer'],
    ['never answers', () => undefined, 'no answer within 0.5 s'],
    ['never ends its answer', (response) => response.writeHead(200).write('{"ok":'), 'no answer within 0.5 s'],
  ])(
    'a server that %s has not accepted the alert; it is sent with the next execution',
    async (_, answer, complaint) => {
      const refusing = await serveHttp(answer)
      const site = slackSite(refusing.url, {}, { timeout_seconds: 0.5 })
      const begun = Date.now()
      const { code, stderr, stdout } = await runArchiver([site.configPath])
      expect(Date.now() - begun).toBeLessThan(12_000)
      expect(code).toBe(1)
      expect(stderr).toMatch(/WARNING - Alert not sent by slack \(#daq at http:\/\/127\.0\.0\.1:\d+\)/)
      expect(stderr).toContain(complaint)
      expect(stdout + stderr + site.work('alerts.json')).not.toContain(TOKEN)
      const receiver = await serveHttp()
      site.configure({}, reporting({ slack: { bot_token: TOKEN, channel: '#daq', api_url: receiver.url } }))
      await runArchiver([site.configPath, '--incremental'])
      expect(receiver.requests).toHaveLength(1)
    },
  )
})
