import type { RunView } from './run-fetcher.js'

/** `undefined` as long as nothing can be said. */
export async function estimateSecondsLeft(view: RunView, elapsedSeconds: number): Promise<number | undefined> {
  const { pages, empty, unchanged } = view.counts()
  const done = pages + empty + unchanged
  if (done === 0 || elapsedSeconds <= 0) return undefined
  const [waiting, { left, planned }] = await Promise.all([view.waiting(), view.windows()])
  const pagesPerWindow = planned > 0 ? Math.max(1, done / planned) : 1
  return ((waiting + left * pagesPerWindow) / done) * elapsedSeconds
}
