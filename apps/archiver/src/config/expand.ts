/**
 * Variables in configuration values, as the Python archiver had them: `${VAR}` and `${VAR:-default}` from the environment (upper case),
 * `${param}` of the same section and `${section.param}` of another (lower case).
 */

export interface ExpansionProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

export interface Expansion {
  readonly value: unknown
  readonly problems: readonly ExpansionProblem[]
  /** Variables that were used without a default and are not in the environment; they expand to nothing. */
  readonly unsetVariables: ReadonlyMap<string, string>
}

type Path = readonly (string | number)[]

const MAX_ROUNDS = 10
const MAX_DEPTH = 20
const VARIABLE = /^[A-Z][A-Z0-9_]*$/
const PARAMETER = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/

export function expandConfiguration(data: unknown, env: Readonly<Record<string, string | undefined>>): Expansion {
  const problems: ExpansionProblem[] = []
  const unsetVariables = new Map<string, string>()

  return { value: expandValue(data, []), problems, unsetVariables }

  function expandValue(value: unknown, path: Path): unknown {
    if (path.length > MAX_DEPTH) {
      problems.push({ path: path.slice(0, 1), message: 'is nested too deep, or refers to itself' })
      return undefined
    }
    if (typeof value === 'string') {
      try {
        return expandText(value, path, [path.join('.')])
      } catch (error) {
        if (!(error instanceof ExpansionFailure)) throw error
        problems.push({ path, message: error.message })
        return value
      }
    }
    if (Array.isArray(value)) return value.map((item, index) => expandValue(item, [...path, index]))
    if (isTable(value))
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expandValue(item, [...path, key])]))
    return value
  }

  function expandText(text: string, path: Path, trail: readonly string[]): string {
    if (trail.length > MAX_ROUNDS)
      throw new ExpansionFailure(`the references ${trail.join(' -> ')} are nested more than ${MAX_ROUNDS} deep`)
    let result = ''
    let rest = text
    for (;;) {
      const start = rest.indexOf('${')
      const end = start < 0 ? -1 : closingBrace(rest, start + 2)
      if (end < 0) return result + rest
      result += rest.slice(0, start) + expandReference(rest.slice(start + 2, end), path, trail)
      rest = rest.slice(end + 1)
    }
  }

  function expandReference(content: string, path: Path, trail: readonly string[]): string {
    const separator = content.indexOf(':-')
    const name = separator < 0 ? content : content.slice(0, separator)
    const fallback = separator < 0 ? undefined : content.slice(separator + 2)
    if (VARIABLE.test(name)) return expandVariable(name, fallback, path, trail)
    if (PARAMETER.test(name)) return expandParameter(name, fallback, path, trail)
    return `\${${content}}`
  }

  function expandVariable(name: string, fallback: string | undefined, path: Path, trail: readonly string[]): string {
    const step = `\${${name}}`
    if (trail.includes(step))
      throw new ExpansionFailure(`circular reference ${[...trail.slice(trail.indexOf(step)), step].join(' -> ')}`)
    const value = env[name] ?? fallback
    if (value === undefined) unsetVariables.set(path.join('.'), name)
    return value === undefined ? '' : expandText(value, path, [...trail, step])
  }

  function expandParameter(name: string, fallback: string | undefined, path: Path, trail: readonly string[]): string {
    const target = name.includes('.') ? name.split('.') : [String(path[0]), name]
    const step = target.join('.')
    if (trail.includes(step))
      throw new ExpansionFailure(`circular reference ${[...trail.slice(trail.indexOf(step)), step].join(' -> ')}`)
    const value = lookUp(data, target)
    if (value === undefined || value === null) {
      if (fallback !== undefined) return expandText(fallback, path, [...trail, step])
      throw new ExpansionFailure(`\${${name}} refers to '${step}', which is not set`)
    }
    if (typeof value === 'object')
      throw new ExpansionFailure(`\${${name}} refers to '${step}', which is not a single value`)
    return expandText(String(value), target, [...trail, step])
  }
}

class ExpansionFailure extends Error {}

function closingBrace(text: string, from: number): number {
  let depth = 1
  for (let index = from; index < text.length; index += 1) {
    if (text.startsWith('${', index)) depth += 1
    else if (text[index] === '}') depth -= 1
    if (depth === 0) return index
  }
  return -1
}

function lookUp(data: unknown, path: readonly string[]): unknown {
  let value = data
  for (const key of path) value = isTable(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
