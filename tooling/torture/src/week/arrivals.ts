/** When each run record appears: about in order, some neighbours in turn, and one in fifty so late that the others have long passed it. */
export function planArrivals(runs: readonly number[], hours: number, random: () => number): Map<number, number[]> {
  const plan = new Map<number, number[]>()
  const lastHour = hours - 1
  for (const [index, run] of runs.entries()) {
    const inOrder = (index / runs.length) * hours
    const delay = random() < 0.02 ? random() * 48 : (random() - 0.5) * 3
    const hour = Math.min(lastHour, Math.max(0, Math.floor(inOrder + delay)))
    plan.set(hour, [...(plan.get(hour) ?? []), run])
  }
  return plan
}
