/** The page as a real browser shows it: nothing may be asked for, nothing run, nothing cut off, and everybody can read it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { useTempDir } from '@holdfast/testkit'
import { type Browser, type BrowserPage, startBrowser } from '@holdfast/testkit/browser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gatherFacts, type PageInput } from '../../src/report/page-facts.js'
import { renderPage } from '../../src/report/render-page.js'
import type { RunEvent } from '../../src/stages/run-events.js'
import { FIND_PROBLEMS } from './page-problems.js'
import { describeRuns, describeStage, makeInput, makeOrdinaryDay } from './sample-facts.js'

const dir = useTempDir()
let browser: Browser

// The first time, the browser has to be fetched.
beforeAll(async () => {
  browser = await startBrowser()
}, 300_000)
afterAll(() => browser.close())

async function openPage(input: PageInput | string): Promise<BrowserPage> {
  const file = join(dir(), 'report.html')
  writeFileSync(file, typeof input === 'string' ? input : renderPage(gatherFacts(input)))
  return await browser.open(pathToFileURL(file))
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

const textOf = (page: BrowserPage, selector: string): Promise<unknown> =>
  page.evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.innerText.trim())`)
const marks = (page: BrowserPage, lane: number, kind: string): Promise<unknown> =>
  page.evaluate(
    `[...document.querySelectorAll('.lane')][${lane}].querySelectorAll('rect.${kind}').values().map((one) => one.textContent).toArray()`,
  )
const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i)
const all = range(1, 200_000)
const ucondb = (runs: readonly number[]) => ({
  ...describeRuns('file:///u', runs),
  folder: 'runs',
  object: 'configuration',
})

test('FIND_PROBLEMS finds what is wrong with a page', async () => {
  const file = join(dir(), 'bad.html')
  writeFileSync(
    file,
    `<!doctype html><h1>One</h1><h3 id="x">Three</h3><p id="x" style="width: 5000px; color: #aaa" onclick="x()">Grey<a href="#gone">a</a>
    <a href="https://example.org">b</a><blink>c</blink><table><tr><th>d</table><svg width="10"><rect class="whole" fill="#eee" width="20" height="5"/></svg>`,
  )
  const page = await browser.open(pathToFileURL(file))
  await page.show({ width: 360 })
  const problems = await page.evaluate(FIND_PROBLEMS)
  for (const problem of [
    'wider',
    'no language',
    'twice',
    'leads nowhere: #gone',
    'leads elsewhere',
    'attribute onclick',
    'attribute style',
    'element BLINK',
    'heading is left out',
    'without scope',
    'without caption',
    'keyboard cannot scroll',
    'drawing without a text',
    'outside of the drawing',
    'of P.',
    'of rect.whole',
  ]) {
    expect(problems).toContainEqual(expect.stringContaining(problem))
  }
})

test('an ordinary day: one line that says what is the matter, the runs it is about, and the commands', async () => {
  const page = await openPage(makeOrdinaryDay())
  await expectReadable(page)
  expect(await page.evaluate('document.title')).toBe('Needs attention: run record archiver on icarus-evb03')
  expect(await textOf(page, '.headline p')).toEqual([
    'Needs attention: 5 failed runs to look at and 1 difference between state and stores',
  ])
  expect(await marks(page, 1, 'failed')).toEqual(['8122: failed', '11873: failed', '12499: failed'])
  expect(await marks(page, 2, 'failed')).toEqual(['7310: failed', '12480: failed'])
  expect(await marks(page, 1, 'late')).toEqual(['10644: late, passed over'])
  expect(await textOf(page, '.actions code')).toEqual(
    [
      '--retry-failed-import',
      '--import-only --incremental --catch-up',
      '--retry-failed-migrate',
      '--import-only --incremental',
      '--migrate-only --incremental',
    ].map((flags) => `archiver /etc/archiver/config.yaml ${flags}`),
  )
  expect(await textOf(page, 'section[aria-labelledby=failures] tbody th')).toEqual([
    '12499',
    '12480',
    '11873',
    '7310',
    '8122',
  ])
  expect(await textOf(page, 'section[aria-labelledby=failures] tbody td.error')).toEqual([
    expect.stringContaining('found the end of the file ERR_FHICL_SYNTAX'),
    expect.stringContaining('ERR_VERIFICATION'),
    expect.stringContaining('permission denied EACCES'),
    'not in the history',
    'not in the history',
  ])
  expect(await textOf(page, 'section[aria-labelledby=throughput] tbody th')).toEqual(
    expect.arrayContaining(['Import', 'Migration']),
  )
})

test('the page is told to those who do not see it, and fits on paper', async () => {
  const page = await openPage(makeOrdinaryDay())
  const nodes = await page.accessibleNodes()
  const named = (wanted: string) => nodes.filter(({ role }) => role === wanted).map(({ name }) => name)
  expect(named('heading').slice(0, 3)).toEqual([
    'Run record archiver: status report',
    'Coverage',
    'Run records 8,417 runs',
  ])
  expect(named('image')).toEqual([
    expect.stringMatching(/^Run records: 8,417 runs from 4000 to 12540, 124 numbers without a run$/),
    expect.stringMatching(/^artdaqDB: 8,404 runs from 4000 to 12531, 3 failed, 1 late, 13 to come, 124 numbers/),
    expect.stringMatching(/^UconDB: 8,376 runs from 4000 to 12505, 2 failed, 28 to come/),
    expect.stringMatching(/^Import into artdaqDB, runs per day from 2026-10-28 to 2026-11-21: 674 archived, 4 failed$/),
    expect.stringMatching(/^Migration into UconDB/),
  ])
  for (const landmark of ['banner', 'main', 'contentinfo', 'navigation']) expect(named(landmark)).toHaveLength(1)
  const pages = (await page.print()).toString('latin1').match(/\/Type \/Page\b/g)
  expect(pages?.length).toBeGreaterThanOrEqual(2)
  expect(pages?.length).toBeLessThanOrEqual(6)
})

test('what is folded on the screen is on paper', async () => {
  const page = await openPage(makeOrdinaryDay())
  const visible = `[...document.querySelectorAll('section[aria-labelledby=gaps] tbody tr')].filter((one) => one.checkVisibility({ contentVisibilityAuto: true })).length`
  expect(await page.evaluate(visible)).toBe(12)
  await page.show({ media: 'print' })
  expect(Number(await page.evaluate(visible))).toBeGreaterThan(20)
})

describe('200,000 runs', () => {
  test('a single missing one is seen, at 1280 and at 360 pixels, and named', async () => {
    const page = await openPage(
      makeInput({
        filesystem: describeRuns('/d', all),
        artdaqdb: describeRuns(
          '/a',
          all.filter((run) => run !== 123_456),
        ),
        ucondb: ucondb(all.filter((run) => run !== 123_456)),
      }),
    )
    expect(await marks(page, 1, 'waiting')).toEqual(['123456: not here yet'])
    expect(await marks(page, 0, 'waiting')).toEqual([])
    // In UconDB it is absent, but artdaqDB has nothing to send.
    expect(await marks(page, 2, 'unused')).toHaveLength(1)
    for (const width of [1280, 360]) {
      await page.show({ width })
      const drawn = `[...document.querySelectorAll('.lane rect.waiting, .lane rect.unused')].map((one) => one.getBoundingClientRect().width + parseFloat(getComputedStyle(one).strokeWidth))`
      for (const pixels of (await page.evaluate(drawn)) as readonly number[]) expect(pixels).toBeGreaterThanOrEqual(2)
    }
    expect(await textOf(page, 'section[aria-labelledby=gaps] tbody tr')).toEqual([
      'artdaqDB\t123456\t1\ton disk, not here yet',
      'UconDB\t123456\t1\tnot in artdaqDB either',
    ])
  })

  test('in thousands of pieces, with half a million events, make a page that is small and quickly made and shown', async () => {
    const events = all.flatMap((run) =>
      (['Import', 'Migration'] as const).map(
        (stage): RunEvent => ({
          at: new Date(1.75e12 + run * 60_000).toISOString(),
          executionId: 'e',
          stage,
          run,
          outcome: run % 3 === 0 ? 'failed' : 'succeeded',
          attempts: 1,
          durationMs: run % 977,
          error: `error of ${run}`,
        }),
      ),
    )
    const failures = all.filter((run) => run % 3 === 0)
    const input = makeInput(
      {
        filesystem: describeRuns('/d', all),
        artdaqdb: describeRuns(
          '/a',
          all.filter((run) => run % 3 !== 0),
        ),
        ucondb: ucondb(all.filter((run) => run % 15 === 1)),
        stages: {
          import: describeStage({ lastAttemptedRun: 200_000, failures, newRuns: all }),
          migration: describeStage({ late: all.filter((run) => run % 3 !== 0 && run % 15 !== 1) }),
        },
      },
      events,
    )
    const before = process.threadCpuUsage()
    const text = renderPage(gatherFacts(input))
    const { user, system } = process.threadCpuUsage(before)
    // Of the processor, not of the wall: other tests run beside this one.
    expect((user + system) / 1000).toBeLessThan(2000)
    expect(text.length).toBeLessThan(400_000)
    const page = await openPage(text)
    await expectReadable(page)
    expect(await page.evaluate('document.querySelectorAll("*").length')).toBeLessThan(8000)
    expect(await textOf(page, 'section[aria-labelledby=failures] > p')).toEqual([
      expect.stringContaining('66,466 further runs not shown'),
    ])
  })

  test('in a different state in every pixel stay within the limits', async () => {
    const blocks = (period: number) => all.filter((run) => Math.floor(run / period) % 2 === 0)
    const input = makeInput({
      filesystem: describeRuns('/d', blocks(210)),
      artdaqdb: describeRuns('/a', blocks(230)),
      ucondb: ucondb(blocks(250)),
    })
    expect(renderPage(gatherFacts(input)).length).toBeLessThan(700_000)
    await expectReadable(await openPage(input))
  })
})

test('hostile texts are shown and do nothing', async () => {
  const evil = `</title></style><script>document.title='pwned'</script><img src=x onerror="alert(1)">"' onclick='x' &amp; \u202e \u001b[31m${'long'.repeat(400)}`
  const store = { location: evil, error: evil }
  const base = makeInput({})
  const input: PageInput = {
    ...makeInput(
      {
        filesystem: describeRuns(evil, [1, 2]),
        artdaqdb: store,
        ucondb: { ...store, folder: evil, object: evil },
        stages: {
          import: describeStage({ problems: [evil], failures: [1] }),
          migration: describeStage({ readable: false, comparable: false, problems: [evil] }),
        },
      },
      [
        {
          at: '2026-01-01T00:00:00.000Z',
          executionId: evil,
          stage: 'Import',
          run: 1,
          outcome: 'failed',
          attempts: 1,
          durationMs: 1,
          error: evil,
          errorCode: evil,
        },
        { at: evil, executionId: evil, stage: 'Import', run: 1, outcome: 'failed', attempts: 1, durationMs: 1 },
      ],
    ),
    origin: { ...base.origin, configPath: evil, workDir: evil, host: evil, version: evil, nodeVersion: evil },
  }
  const page = await openPage(input)
  await expectReadable(page)
  expect(await page.evaluate('document.title')).toContain(`</title></style><script>document.title='pwned'</script>`)
  expect(await page.evaluate('document.scripts.length + document.images.length')).toBe(0)
  expect(await page.evaluate('/[\\u202e\\u001b]/.test(document.documentElement.outerHTML)')).toBe(false)
  expect(await textOf(page, '.actions code')).toContainEqual(
    expect.stringContaining(`archiver '</title></style><script>document.title='\\''pwned'\\''</script>`),
  )
})

test('passwords of addresses are not on the page', () => {
  const text = renderPage(
    gatherFacts(
      makeInput({ stages: { import: describeStage({ failures: [1] }), migration: describeStage() } }, [
        {
          at: '2026-01-01T00:00:00.000Z',
          executionId: 'e',
          stage: 'Import',
          run: 1,
          outcome: 'failed',
          attempts: 1,
          durationMs: 1,
          error: 'connect mongodb://daq:hunter2@db/x failed',
        },
      ]),
    ),
  )
  expect(text).toContain('mongodb://…@db/x')
  expect(text).not.toContain('hunter2')
})

test('a store that holds nearly all runs looks like one, however many single ones it lacks', async () => {
  const most = all.filter((run) => run % 333 !== 5)
  const page = await openPage(
    makeInput({ filesystem: describeRuns('/r', all), artdaqdb: describeRuns('f', all), ucondb: ucondb(most) }),
  )
  await expectReadable(page)
  // A narrow cut is drawn in the colour of the ground, wider than it is.
  const lane = "document.querySelectorAll('.lane')[2]"
  expect(await page.evaluate(`${lane}.querySelectorAll('rect.partial.thin').length`)).toBe(0)
  expect(await page.evaluate(`${lane}.querySelectorAll('rect.partial').length`)).toBeGreaterThan(100)
  expect(await textOf(page, '.legend li')).toContain('some here')
})

test('a site without any run says so', async () => {
  const page = await openPage(makeInput({}))
  await expectReadable(page)
  expect(await textOf(page, '.headline p')).toEqual([
    'All is well: there are no runs yet, neither on disk nor archived',
  ])
  expect(await textOf(page, '.empty')).toEqual([
    'There are no runs in any of the three places yet.',
    'No failed runs in the failure logs.',
    expect.stringMatching(/^No history yet\./),
    'No number is absent between the first and the last run of any place.',
  ])
})

test('a store that cannot be read is not shown as an empty one', async () => {
  const page = await openPage(
    makeInput({
      filesystem: describeRuns('/d', [...range(1, 40), ...range(12_000, 12_080), 99_999_999]),
      artdaqdb: { location: '/a', error: "'/a/system' is damaged" },
      stages: {
        import: describeStage({
          comparable: false,
          readable: false,
          problems: ["'/w/importer_state.json' is damaged"],
        }),
        migration: describeStage({ comparable: false }),
      },
    }),
  )
  await expectReadable(page)
  expect(await textOf(page, '.headline p')).toEqual([
    'Cannot tell: artdaqDB cannot be read, so nobody knows whether all is archived',
  ])
  expect(await textOf(page, '.figures dd')).toEqual([
    '122\nnewest 99999999',
    'unknown\ncannot be read',
    '0\nno runs',
    'unknown\nthe state cannot be read',
    '–\nnot in the history',
  ])
  expect(await textOf(page, '.lane .unread')).toEqual(['Cannot be read, so nothing is known of it'])
  expect(await marks(page, 0, 'cut')).toEqual([
    '41–11999 left out: no such run anywhere',
    '12081–99999998 left out: no such run anywhere',
  ])
  expect(await textOf(page, '.actions code')).toEqual([
    'archiver /etc/archiver/config.yaml --rebuild-database-index --dry-run',
    'archiver /etc/archiver/config.yaml --recover-import-state',
  ])
})
