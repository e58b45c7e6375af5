/**
 * The loop that the fetcher is measured against: asks for the same pages at the same concurrency, remembers nothing, and writes each item durably (temporary
 * file, fsync, rename, fsync of the folder).
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '@holdfast/atomic-file'
import { Agent } from 'undici'

const { origin, days, pages, size, concurrency, item, folder } = JSON.parse(process.argv[2] ?? '{}')
mkdirSync(folder)
const agent = new Agent({ connections: concurrency })
const started = performance.now()
const queue = days.values()
await Promise.all(
  Array.from({ length: concurrency }, async () => {
    for (const day of queue) await walk(day)
  }),
)
const seconds = (performance.now() - started) / 1000
await agent.close()
process.send?.({ type: 'done', seconds, maxRssKilobytes: process.resourceUsage().maxRSS })

async function walk(day) {
  for (let page = '1'; page; ) {
    const path = `/page?day=${day}&size=${size}&pages=${pages}&curseur=${page}`
    const { statusCode, body } = await agent.request({ origin, path, method: 'GET' })
    if (statusCode !== 200) throw new Error(`The server answered ${statusCode}`)
    const bytes = new Uint8Array(await body.arrayBuffer())
    const { header, rows } = JSON.parse(Buffer.from(bytes).toString())
    if (item === 'request') await writeFileAtomic(join(folder, `${day}-${page}.json`), bytes)
    else for (const row of rows) await writeFileAtomic(join(folder, `${row.id}.json`), JSON.stringify(row))
    page = header.curseurSuivant
  }
}
