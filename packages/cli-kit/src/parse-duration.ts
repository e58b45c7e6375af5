const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const FORM = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/

/** `90s`, `1.5h`, `2d` in milliseconds; `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = FORM.exec(text.trim()) ?? []
  if (number === undefined || unit === undefined) return undefined
  return Math.round(Number(number) * UNITS[unit as keyof typeof UNITS])
}
