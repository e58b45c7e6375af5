import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parsePackages } from '../src/parsed-files.ts'
import type { TierTable } from '../src/tier-table.ts'
import { readWorkspace } from '../src/workspace.ts'

export const TABLE: TierTable = {
  packages: new Map([
    ['packages/base', { tier: 0, mayUse: [] }],
    ['packages/left', { tier: 1, mayUse: ['packages/base'] }],
    ['packages/right', { tier: 1, mayUse: ['packages/base'] }],
    ['apps/one', { tier: 5, mayUse: ['packages/*'] }],
    ['apps/two', { tier: 5, mayUse: ['packages/*'] }],
  ]),
  durabilityOwner: 'packages/base',
  fileSystemAllowances: [],
}

/** A manifest nothing can be said against. */
export function manifest(name: string, dependencies: readonly string[] = [], more: object = {}): string {
  return JSON.stringify({
    name: `@holdfast/${name}`,
    version: '1.0.0',
    description: 'A package of the test',
    license: 'MIT',
    type: 'module',
    engines: { node: '>=24' },
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './package.json': './package.json' },
    files: ['dist'],
    dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, 'workspace:*'])),
    ...more,
  })
}

/** The files of a package that passes every check. */
export function goodPackage(folder: string, dependencies: readonly string[] = []): Record<string, string> {
  const name = folder.split('/')[1] ?? ''
  const imports = dependencies.map((dependency, index) => `import { x as x${index} } from '${dependency}'\n`)
  return {
    [`${folder}/package.json`]: manifest(name, dependencies),
    [`${folder}/README.md`]: `# ${name}\n\nNeeds: ${dependencies.join(', ')}\n`,
    [`${folder}/tsconfig.json`]: JSON.stringify({
      references: dependencies.map((dependency) => ({ path: `../../packages/${dependency.split('/')[1]}` })),
    }),
    [`${folder}/src/index.ts`]: "export { x } from './x.js'\n",
    [`${folder}/src/x.ts`]: `${imports.join('')}export const x: number = 1\n`,
    [`${folder}/test/exports.test.ts`]: '',
  }
}

/** Writes the files below a folder and reads them back the way the checks see them. */
export function layOut(root: string, files: Readonly<Record<string, string>>): Parsed {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const packages = readWorkspace(root)
  return { packages, files: parsePackages(packages) }
}

export interface Parsed {
  readonly packages: ReturnType<typeof readWorkspace>
  readonly files: ReturnType<typeof parsePackages>
}
