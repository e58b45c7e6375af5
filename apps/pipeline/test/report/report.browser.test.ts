/** The page as a real browser shows it: nothing may be asked for, nothing run, nothing cut off, and everybody can read it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { useTempDir } from '@holdfast/testkit'
import { type Browser, type BrowserPage, startBrowser } from '@holdfast/testkit/browser'
import type { PipelineDocument } from '@holdfast/txn-store/pipeline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkPipeline, runPipeline } from '../../src/index.js'
import { createReport } from '../../src/report/create-report.js'
import { HOSTILE, makeDocument } from './documents.js'
import { FIND_PROBLEMS } from './page-facts.js'

const dir = useTempDir()
let browser: Browser

// The first time, the browser has to be fetched.
beforeAll(async () => {
  browser = await startBrowser()
}, 300_000)
afterAll(() => browser.close())

async function openReport(document: PipelineDocument): Promise<{ page: BrowserPage; bytes: number; tookMs: number }> {
  const statePath = join(dir(), 'pipeline.json')
  writeFileSync(statePath, JSON.stringify(document))
  const before = performance.now()
  const { report, bytes } = await createReport({ statePath, now: Date.now })
  const tookMs = performance.now() - before
  return { page: await browser.open(pathToFileURL(report)), bytes, tookMs }
}

const WAYS = [
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  { width: 360, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' },
  { width: 1280, colorScheme: 'dark', media: 'print' },
] as const

async function expectReadable(page: BrowserPage): Promise<void> {
  for (const way of WAYS) {
    await page.show(way)
    expect({ ...way, problems: await page.evaluate(FIND_PROBLEMS) }).toEqual({ ...way, problems: [] })
  }
  expect(page.complaints).toEqual([])
  expect(page.requests).toHaveLength(1)
}

test('FIND_PROBLEMS finds what is wrong with a page', async () => {
  const file = join(dir(), 'bad.html')
  writeFileSync(
    file,
    `<!doctype html><h1>One</h1><h3 id="x">Three</h3><p id="x" style="width: 5000px; color: #aaa" onclick="x()">Grey<a href="#gone">a</a>
    <a href="https://example.org">b</a><blink>c</blink><table><tr><th>d</table><svg viewBox="0 0 10 10"><rect width="20" height="5"/></svg>`,
  )
  const page = await browser.open(pathToFileURL(file))
  await page.show({ width: 360 })
  const problems = await page.evaluate(FIND_PROBLEMS)
  for (const problem of [
    'wider',
    'twice',
    'leads nowhere: #gone',
    'leads elsewhere',
    'attribute onclick',
    'attribute style',
    'element BLINK',
    'heading is left out',
    'without scope',
    'without caption',
    'outside of the drawing',
    'contrast',
  ]) {
    expect(problems).toContainEqual(expect.stringContaining(problem))
  }
})

test('the report of a real run: its phases, its failure with the last lines, its artifacts, its history, its logs', async () => {
  mkdirSync(join(dir(), 'in'))
  for (const name of ['one', 'two', 'three']) writeFileSync(join(dir(), 'in', `${name}.txt`), name)
  writeFileSync(join(dir(), 'book.txt'), 'text')
  const speak = 'echo "speaking $1"; test "$1" != two && cp "$2" "$3"'
  const phases = [
    { id: 'phase1', command: ['cp', '${input}', '${outputs.copy}'], outputs: { copy: 'out/copy.txt' } },
    {
      id: 'phase2',
      items: 'in/*.txt',
      command: ['sh', '-c', speak, 'sh', '${item.id}', '${item.path}', '${outputs.audio}'],
      outputs: { audio: 'out/${item.id}.wav' },
    },
    { id: 'phase3', command: ['true'] },
  ]
  const input = join(dir(), 'book.txt')
  const result = await runPipeline(checkPipeline({ name: 'books', phases }, 'test', dir()), { input })
  expect(result.status).toBe('partial')
  const before = readFileSync(result.state)
  const { report } = await createReport({ statePath: result.state, now: Date.now })
  expect(readFileSync(result.state)).toEqual(before)
  const page = await browser.open(pathToFileURL(report))
  await expectReadable(page)
  expect(await page.evaluate('document.title')).toBe('book: done in part')
  const textOf = (selector: string) =>
    page.evaluate(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].map((element) => element.innerText.trim())`,
    )
  expect(await textOf('section[aria-labelledby=phases] tbody tr > :nth-child(-n+2)')).toEqual([
    'phase1',
    '✓ done',
    'phase2',
    '◐ done in part',
    'phase3',
    '– skipped',
  ])
  expect(await textOf('.failure h3')).toEqual(['phase2 · two'])
  expect(await textOf('.failure pre')).toEqual(['speaking two'])
  expect(await textOf('section[aria-labelledby=artifacts] tbody td:last-child')).toContainEqual(
    '982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1',
  )
  expect(await textOf('section[aria-labelledby=history] code')).toContain('phase2_item_failed_commit')
  const links = (await page.evaluate('[...document.links].map(({ href }) => href)')) as readonly string[]
  expect(links).toHaveLength(5)
  expect(links.filter((link) => !existsSync(fileURLToPath(link)))).toEqual([])
  const bars =
    '[...document.querySelectorAll("svg rect.phase, svg rect.item")].map((bar) => bar.textContent.split(":")[0])'
  expect(new Set((await page.evaluate(bars)) as readonly string[])).toEqual(
    new Set(['phase1', 'phase2', 'one', 'three', 'two']),
  )
})

test('hostile texts are shown and do nothing', async () => {
  const evil = JSON.parse(JSON.stringify(makeDocument({ items: 3, failedEach: 2 }, HOSTILE)), (key, value: unknown) => {
    if (['reason', 'message', 'tail', 'chunk_id', 'input_file', 'log', 'path'].includes(key))
      return `${HOSTILE}${value}`
    return value
  }) as PipelineDocument
  const { page } = await openReport({
    ...evil,
    [HOSTILE]: { status: 'failed', reason: HOSTILE },
    phases: { [HOSTILE]: 'failed' },
  })
  await expectReadable(page)
  expect(await page.evaluate('document.title')).toContain('document.title=')
  expect(await page.evaluate('document.querySelector("h1").innerText')).toContain(
    `<img src=x onerror="alert(1)">"' onclick='x'`,
  )
  expect(await page.evaluate('/[\\u202e\\u001b]/.test(document.documentElement.outerHTML)')).toBe(false)
  expect(await page.evaluate('[...document.querySelectorAll("tbody th")].at(-1).innerText')).toContain('onerror')
})

test('several inputs: an overview that leads to each', async () => {
  const document = makeDocument({ items: 2 }, 'one')
  const other = makeDocument({ items: 2, failedEach: 2 }, 'two')
  for (const phase of ['phase1', 'phase2', 'phase3'] as const)
    Object.assign(document[phase]?.files ?? {}, other[phase]?.files)
  const { page } = await openReport(document)
  await expectReadable(page)
  const inputs =
    '[...document.querySelectorAll("section[aria-labelledby=overview] tbody tr")].map((row) => row.innerText.split("\\t").slice(0, 3))'
  expect(await page.evaluate(inputs)).toEqual([
    ['two', '◐ done in part', '1 of 3 done'],
    ['one', '✓ done', '3 of 3 done'],
  ])
})

describe('10,000 items', () => {
  test('make a page that is small, quickly made and quickly shown', async () => {
    const { page, bytes, tookMs } = await openReport(makeDocument({ items: 10_000, failedEach: 20 }))
    expect(bytes).toBeLessThan(150_000)
    expect(tookMs).toBeLessThan(2000)
    expect(await page.evaluate('performance.getEntriesByType("navigation")[0].duration')).toBeLessThan(2000)
    expect(await page.evaluate('document.querySelectorAll("*").length')).toBeLessThan(2500)
    expect(await page.evaluate('document.querySelector("section[aria-labelledby=phases]").innerText')).toContain(
      '10,000: 500 failed, 9,500 done',
    )
    await expectReadable(page)
  })
})

test('of many failures a few are seen at once, all on paper', async () => {
  const { page } = await openReport(makeDocument({ items: 60, failedEach: 1 }))
  const visible =
    '[...document.querySelectorAll(".failure h3")].filter((title) => title.checkVisibility({ contentVisibilityAuto: true })).length'
  expect(await page.evaluate(visible)).toBe(5)
  expect(await page.evaluate('document.querySelector("summary").innerText')).toBe('55 more failures')
  await page.evaluate('document.querySelector("summary").click()')
  expect(await page.evaluate(visible)).toBe(50)
  await page.evaluate('document.querySelector("summary").click()')
  await page.show({ media: 'print' })
  expect(await page.evaluate(visible)).toBe(50)
  await expectReadable(page)
})

test('the page is told to those who do not see it, and fits on paper', async () => {
  const { page } = await openReport(makeDocument({ items: 5, failedEach: 3 }))
  const nodes = await page.accessibleNodes()
  const named = (wanted: string) => nodes.filter(({ role }) => role === wanted).map(({ name }) => name)
  expect(named('heading').slice(0, 2)).toEqual(['Pipeline report: harbour', 'Failures'])
  expect(named('image')).toEqual([expect.stringMatching(/^Timeline of 3 phases from 2026-03-01 08:00:00 UTC to /)])
  expect(named('table')).toHaveLength(2)
  for (const landmark of ['banner', 'main', 'contentinfo']) expect(named(landmark)).toHaveLength(1)
  const pages = (await page.print()).toString('latin1').match(/\/Type \/Page\b/g)
  expect(pages?.length).toBeGreaterThanOrEqual(1)
  expect(pages?.length).toBeLessThanOrEqual(4)
})
