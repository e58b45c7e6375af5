import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { useTempDir } from '@holdfast/testkit'
import { type Browser, startBrowser } from '@holdfast/testkit/browser'
import { afterAll, beforeAll, expect, test } from 'vitest'

const dir = useTempDir()
let browser: Browser

// The first time, the browser has to be fetched.
beforeAll(async () => {
  browser = await startBrowser()
}, 300_000)
afterAll(() => browser.close())

test('a page runs its scripts, and tells what it asked for and what went wrong', async () => {
  const file = join(dir(), 'page.html')
  writeFileSync(
    file,
    '<!doctype html><title>One</title><h1>Head</h1><img src="gone.png"><script>document.title += "!"; missing()</script>',
  )
  const page = await browser.open(pathToFileURL(file))
  expect(await page.evaluate('document.title')).toBe('One!')
  expect(page.requests.map((url) => url.split('/').at(-1))).toEqual(['page.html', 'gone.png'])
  expect(page.complaints.join('\n')).toContain('missing is not defined')
  expect(await page.accessibleNodes()).toContainEqual({ role: 'heading', name: 'Head' })
  await expect(page.evaluate('missing()')).rejects.toThrow('missing is not defined')
})

test('show() changes width, colours and medium', async () => {
  const file = join(dir(), 'page.html')
  writeFileSync(file, '<!doctype html><title>Two</title><p>Text')
  const page = await browser.open(pathToFileURL(file))
  const look = () =>
    page.evaluate(
      '[innerWidth, ...["(prefers-color-scheme: dark)", "print"].map((query) => matchMedia(query).matches)]',
    )
  await page.show({ width: 400, colorScheme: 'dark' })
  expect(await look()).toEqual([400, true, false])
  await page.show({ media: 'print' })
  expect(await look()).toEqual([1280, false, true])
  expect((await page.screenshot()).subarray(1, 4).toString()).toBe('PNG')
  expect((await page.print()).subarray(0, 4).toString()).toBe('%PDF')
})

test('open() fails for what is not there', async () => {
  await expect(browser.open(pathToFileURL(join(dir(), 'gone.html')))).rejects.toThrow('ERR_FILE_NOT_FOUND')
})
