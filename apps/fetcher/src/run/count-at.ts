/** How many rows a list inside JSON has; `path` is like `$.header.rows`. 0 where there is no list. */
export function countAt(json: unknown, path: string): number {
  let current = json
  for (const name of path.split('.').slice(1)) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, name)) return 0
    current = Reflect.get(current, name)
  }
  return Array.isArray(current) ? current.length : 0
}
