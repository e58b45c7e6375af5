import type { FetcherStatus } from './look-at.js'

/** The text format of Prometheus, https://prometheus.io/docs/instrumenting/exposition_formats/. `trackers` are texts of it that are joined, family by family. */
export function renderMetrics(
  fetchers: readonly FetcherStatus[],
  trackers: readonly string[],
  problems: number,
): string {
  const families = new Map<string, { head: string[]; rows: string[] }>()
  for (const text of trackers) addFamilies(families, text)
  const add = (name: string, help: string, rows: readonly string[]): void => {
    families.set(name, {
      head: [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`],
      rows: rows.map((row) => `${name}${row}`),
    })
  }
  add('holdfast_fetcher_unreadable', 'Fetchers whose configuration or state cannot be read', [` ${problems}`])
  add(
    'holdfast_fetcher_running',
    'Processes that fetch now',
    fetchers.map(({ name, running }) => `{fetcher="${name}"} ${running.length}`),
  )
  add(
    'holdfast_fetcher_requests',
    'Requests that wait, are out, or were given up',
    fetchers.flatMap(({ name, locators }) =>
      locators.flatMap(({ locator, ready, retries, leased, givenUp }) =>
        Object.entries({ ready, retries, leased, given_up: givenUp }).map(
          ([state, count]) => `{fetcher="${name}",locator="${locator}",state="${state}"} ${count}`,
        ),
      ),
    ),
  )
  return [...families.values()].flatMap(({ head, rows }) => [...head, ...rows].map((line) => `${line}\n`)).join('')
}

function addFamilies(families: Map<string, { head: string[]; rows: string[] }>, text: string): void {
  let current: { head: string[]; rows: string[] } | undefined
  for (const line of text.split('\n')) {
    const name = /^# HELP (\S+)/.exec(line)?.[1]
    if (name !== undefined) {
      current = families.get(name)
      if (current === undefined) {
        current = { head: [line], rows: [] }
        families.set(name, current)
      }
    } else if (line.startsWith('# TYPE')) {
      if (current !== undefined && current.head.length < 2) current.head.push(line)
    } else if (line !== '') current?.rows.push(line)
  }
}
