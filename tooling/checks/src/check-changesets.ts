import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Finding } from './finding.ts'
import { isObject } from './json.ts'
import type { WorkspacePackage } from './workspace.ts'

const FOLDER = '.changeset'
const BUMPS: ReadonlySet<unknown> = new Set(['patch', 'minor', 'major', 'none'])

/** Every changeset can be read, names packages that exist, and says something. */
export function checkChangesets(root: string, packages: readonly WorkspacePackage[]): readonly Finding[] {
  if (!existsSync(join(root, FOLDER))) return []
  const names = new Set(packages.filter((pkg) => pkg.group !== 'tooling').map((pkg) => pkg.name))
  return readdirSync(join(root, FOLDER))
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .sort()
    .flatMap((file) => {
      const where = `${FOLDER}/${file}`
      return objections(readFileSync(join(root, where), 'utf8'), names).map((message) => ({
        rule: 'changeset',
        where,
        message,
      }))
    })
}

function objections(text: string, names: ReadonlySet<string>): readonly string[] {
  const match = /^---\r?\n(.*?)^---\r?\n(.*)$/ms.exec(text)
  const [, header, body] = match ?? []
  if (header === undefined || body === undefined) return ['Expected a header between two lines of ---']
  const bumps = readHeader(header)
  if (bumps === undefined) return ['Expected the header to map packages to patch, minor or major']
  const rows = Object.entries(bumps)
  return [
    ...rows.filter(([name]) => !names.has(name)).map(([name]) => `'${name}' is not a package of this workspace`),
    ...rows.filter(([, bump]) => !BUMPS.has(bump)).map(([name, bump]) => `'${name}' has the bump '${String(bump)}'`),
    ...(body.trim() === '' ? ['Say what changed and why'] : []),
    ...(/^#{1,3} /m.test(body) ? ['Use no heading above ####: the text is placed inside a changelog'] : []),
  ]
}

function readHeader(header: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = parse(header) ?? {}
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
