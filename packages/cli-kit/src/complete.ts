import type { Argument, Command, Option } from 'commander'

/** A word that may come next. */
export interface Candidate {
  readonly value: string
  readonly description?: string | undefined
}

export interface Completion {
  readonly candidates: readonly Candidate[]
  /** The shell is to offer file names. */
  readonly files: boolean
}

/**
 * Values of arguments and options, by their names in the help (`id` of `<id...>`), for those that are neither choices nor file names. What is asked for
 * begins with `prefix`; other values do no harm.
 */
export type ValueProviders = Readonly<Record<string, (prefix: string) => Promise<readonly Candidate[]>>>

/**
 * What may come next on a command line, from the tree of its commands.
 *
 * @param words those after the program's name, the last being the one under the cursor, maybe empty
 */
export async function complete(
  program: Command,
  words: readonly string[],
  providers: ValueProviders,
): Promise<Completion> {
  const current = words.at(-1) ?? ''
  const place = follow(program, words.slice(0, -1))
  const inline = /^(--[^=]+)=(.*)$/s.exec(current)
  if (inline !== null && place.option === undefined && !place.onlyArguments) {
    const [, flag = '', prefix = ''] = inline
    const { candidates, files } = await valuesOf(findOption(place.command, flag), prefix, providers)
    return { candidates: candidates.map((each) => ({ ...each, value: `${flag}=${each.value}` })), files }
  }
  if (place.option !== undefined) return valuesOf(place.option, current, providers)
  if (current.startsWith('-') && !place.onlyArguments) return found(optionsOf(place.command), current)
  const subcommands = place.onlyArguments || place.argumentCount > 0 ? [] : subcommandsOf(place.command)
  const args = place.command.registeredArguments
  const values = await valuesOf(args[Math.min(place.argumentCount, args.length - 1)], current, providers)
  const isTaken = place.argumentCount >= args.length && args.at(-1)?.variadic !== true
  if (isTaken) return found(subcommands, current)
  return { candidates: [...found(subcommands, current).candidates, ...values.candidates], files: values.files }
}

interface Place {
  readonly command: Command
  /** Whose value comes next. */
  readonly option: Option | undefined
  readonly argumentCount: number
  /** After `--`. */
  readonly onlyArguments: boolean
}

function follow(program: Command, words: readonly string[]): Place {
  let place: Place = { command: program, option: undefined, argumentCount: 0, onlyArguments: false }
  for (const word of words) place = step(place, word)
  return place
}

function step(place: Place, word: string): Place {
  const { command, option, argumentCount, onlyArguments } = place
  if (option !== undefined) return { ...place, option: undefined }
  if (onlyArguments) return { ...place, argumentCount: argumentCount + 1 }
  if (word === '--') return { ...place, onlyArguments: true }
  if (word.startsWith('-') && word !== '-') {
    const named = findOption(command, word)
    return named?.required === true ? { ...place, option: named } : place
  }
  const next = argumentCount === 0 ? command.commands.find((each) => each.name() === word) : undefined
  if (next !== undefined) return { command: next, option: undefined, argumentCount: 0, onlyArguments: false }
  return { ...place, argumentCount: argumentCount + 1 }
}

async function valuesOf(
  taker: Option | Argument | undefined,
  prefix: string,
  providers: ValueProviders,
): Promise<Completion> {
  if (taker === undefined) return { candidates: [], files: false }
  if (taker.argChoices !== undefined)
    return found(
      taker.argChoices.map((value) => ({ value })),
      prefix,
    )
  const name = valueName(taker)
  if (name === 'file') return { candidates: [], files: true }
  return found((await providers[name]?.(prefix)) ?? [], prefix)
}

/** `id` of `<id...>`, `file` of `--output <file>`. */
function valueName(taker: Option | Argument): string {
  if ('flags' in taker) return (/[<[]([\w-]+)/.exec(taker.flags)?.[1] ?? '').toLowerCase()
  return taker.name().toLowerCase()
}

function found(candidates: readonly Candidate[], prefix: string): Completion {
  return { candidates: candidates.filter(({ value }) => value.startsWith(prefix)), files: false }
}

function subcommandsOf(command: Command): Candidate[] {
  const { visibleCommands } = helpOf(command)
  return visibleCommands.map((each) => ({ value: each.name(), description: each.summary() || each.description() }))
}

function optionsOf(command: Command): Candidate[] {
  const own = helpOf(command).visibleOptions
  const inherited = ancestorsOf(command).flatMap((each) => each.options.filter((option) => !option.hidden))
  return [...own, ...inherited].map(({ long, short, description }) => ({ value: long ?? short ?? '', description }))
}

function helpOf(command: Command): { readonly visibleCommands: Command[]; readonly visibleOptions: Option[] } {
  const help = command.createHelp()
  return { visibleCommands: help.visibleCommands(command), visibleOptions: help.visibleOptions(command) }
}

function findOption(command: Command, flag: string): Option | undefined {
  return [command, ...ancestorsOf(command)]
    .flatMap(({ options }) => options)
    .find(({ long, short }) => long === flag || short === flag)
}

function ancestorsOf(command: Command): Command[] {
  return command.parent === null ? [] : [command.parent, ...ancestorsOf(command.parent)]
}
