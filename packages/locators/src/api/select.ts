/**
 * A value inside parsed JSON by a small part of JSONPath: `$`, `.name`, `['any name']`, `[0]`, `[-1]` from the end. `undefined` where there is nothing.
 *
 * @example select({ header: { next: 'abc' } }, '$.header.next') === 'abc'
 */
export function select(value: unknown, path: string): unknown {
  let current = value
  for (const step of parsePath(path)) {
    if (typeof current !== 'object' || current === null) return undefined
    if (Array.isArray(current)) current = typeof step === 'number' ? current.at(step) : undefined
    else if (typeof step === 'string' && Object.hasOwn(current, step)) current = Reflect.get(current, step)
    else return undefined
  }
  return current
}

/** @throws SyntaxError */
export function parsePath(path: string): (string | number)[] {
  const steps: (string | number)[] = []
  let rest = path.startsWith('$') ? path.slice(1) : ''
  if (!path.startsWith('$')) throw new SyntaxError(`A selector starts with "$", unlike '${path}'`)
  while (rest !== '') {
    const match = STEP.exec(rest)
    if (match === null) throw new SyntaxError(`The selector '${path}' cannot be read from '${rest}' on`)
    const { name, quoted, index } = match.groups ?? {}
    if (index !== undefined) steps.push(Number(index))
    else steps.push(name ?? (quoted ?? '').slice(1, -1))
    rest = rest.slice(match[0].length)
  }
  return steps
}

const STEP = /^(?:\.(?<name>[\p{L}\p{N}_$-]+)|\[(?<quoted>'[^']*'|"[^"]*")\]|\[(?<index>-?\d+)\])/u
