import { InvalidArgumentError } from 'commander'

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** `30d`, `12h`, `45m`, `2w`; a number alone counts days. In milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([mhdw]?)$/.exec(text.trim().toLowerCase())
  const unitMs = UNIT_MS[match?.[2] || 'd']
  if (match === null || unitMs === undefined) throw new InvalidArgumentError('Write it as 30d, 12h, 45m or 2w.')
  return Number(match[1]) * unitMs
}

export function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It has to be a whole number, 0 or more.')
  return Number(text)
}

export function parseSeconds(text: string): number {
  if (!/^\d{1,9}(\.\d+)?$/.test(text)) throw new InvalidArgumentError('It has to be a number of seconds, 0 or more.')
  return Number(text) * 1000
}

export function parseName(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.')
  return text
}
