import { InvalidArgumentError, Option } from 'commander'

/** Options that several commands have. */
export const STATE_OPTION = ['--pipeline-json <path>', "the state (default: 'pipeline.json' beside FILE)"] as const

export function fileIdOption(): Option {
  return new Option('--file-id <id>', 'what the input is called in the state (default: as the pipeline says)')
}

export function setOption(): Option {
  return new Option(
    '--set <key=value>',
    'a parameter, or phase4.key=value for that of one phase; more than once',
  ).argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text])
}

export function limitOption(limit: number): Option {
  return new Option('--limit <number>', 'at most so many').default(limit).argParser(parseCount)
}

export function jobsOption(description: string): Option {
  return new Option('--jobs <number>', description).argParser(parseCount)
}

export function retriesOption(): Option {
  return new Option('--max-retries <number>', 'takes the place of the numbers in FILE').argParser(parseNumber)
}

/** A whole number from 1 on. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count > 0) return count
  throw new InvalidArgumentError('It must be a whole number from 1 on.')
}

/** A whole number from 0 on. */
export function parseNumber(text: string): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number
  throw new InvalidArgumentError('It must be a whole number from 0 on.')
}

/** `500MB`, `2GiB`, `1000` */
export function parseBytes(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*(|k|M|G|T)i?B?$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError("It must look like '500MB' or '2GB'.")
  return Math.round(Number(number) * 1024 ** ['', 'k', 'M', 'G', 'T'].indexOf(unit))
}
