/** The pictures of the documentation: what they show is made up, and what draws it is not. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { useTempDir } from '@holdfast/testkit'
import { startBrowser } from '@holdfast/testkit/browser'
import { expect, test } from 'vitest'
import { gatherFacts } from '../../src/report/page-facts.js'
import { renderPage } from '../../src/report/render-page.js'
import { makeOrdinaryDay } from './sample-facts.js'

const FOLDER = process.env['HOLDFAST_SCREENSHOTS']
const dir = useTempDir()

test('screenshots of an ordinary day are small enough for the documentation; HOLDFAST_SCREENSHOTS names a folder to keep them in', async () => {
  await using browser = await startBrowser()
  const file = join(dir(), 'report.html')
  writeFileSync(file, renderPage(gatherFacts(makeOrdinaryDay())))
  const page = await browser.open(pathToFileURL(file))
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.show({ width: 1000, height: 860, colorScheme })
    const { data } = await page.send('Page.captureScreenshot', { format: 'png' })
    const picture = Buffer.from(String(data), 'base64')
    expect(picture.length).toBeLessThan(150_000)
    if (FOLDER !== undefined) writeFileSync(join(FOLDER, `archiver-report-${colorScheme}.png`), picture)
  }
}, 300_000)
