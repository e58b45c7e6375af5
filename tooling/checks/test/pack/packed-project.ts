import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { readJsonObject } from '../../src/json.ts'
import { readWorkspace, type WorkspacePackage } from '../../src/workspace.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const FIXTURES = join(import.meta.dirname, '../fixtures/consumer')

export interface Tarball {
  readonly package: WorkspacePackage
  readonly path: string
  /** Paths inside the tarball. */
  readonly files: readonly string[]
}

export interface PackedProject {
  readonly path: string
  readonly tarballs: readonly Tarball[]
}

export interface RunResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export const PUBLISHABLE: readonly WorkspacePackage[] = readWorkspace(ROOT).filter((pkg) => pkg.publishable)

/** Packs every publishable package and installs the tarballs, and nothing of the workspace, into a project of its own. */
export async function makePackedProject(folder: string): Promise<PackedProject> {
  const tarballs = await packAll(join(folder, 'tarballs'))
  const path = join(folder, 'project')
  mkdirSync(path)
  cpSync(FIXTURES, path, { recursive: true })
  const sources = Object.fromEntries(tarballs.map((tarball) => [tarball.package.name, `file:${tarball.path}`]))
  const manifest = {
    ...readJsonObject(join(path, 'package.json')),
    dependencies: sources,
    devDependencies: { '@types/node': '^24.0.0' },
  }
  writeFileSync(join(path, 'package.json'), JSON.stringify(manifest))
  // The packages depend on each other by version, which no registry has: every such version is one of the tarballs. No dependency may need a
  // script to be run at its install.
  writeFileSync(join(path, 'pnpm-workspace.yaml'), JSON.stringify({ overrides: sources, strictDepBuilds: false }))
  await pnpm(path, ['install', '--prefer-offline', '--no-frozen-lockfile', '--ignore-scripts'])
  return { path, tarballs }
}

/** Runs a program and resolves to how it ended. */
export async function run(file: string, args: readonly string[], cwd: string): Promise<RunResult> {
  const env = {
    ...process.env,
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
    NO_COLOR: '1',
  }
  try {
    return { code: 0, ...(await promisify(execFile)(file, args, { cwd, env, timeout: 120_000 })) }
  } catch (error) {
    if (!(error instanceof Error && 'stdout' in error && 'stderr' in error && 'code' in error)) throw error
    return { code: Number(error.code), stdout: String(error.stdout), stderr: String(error.stderr) }
  }
}

async function packAll(destination: string): Promise<readonly Tarball[]> {
  mkdirSync(destination, { recursive: true })
  const filters = PUBLISHABLE.flatMap((pkg) => ['--filter', pkg.name])
  const output = await pnpm(ROOT, ['-r', ...filters, 'pack', '--json', '--pack-destination', destination])
  const packed: readonly { name: string; filename: string; files: readonly { path: string }[] }[] = JSON.parse(output)
  return packed.map(({ name, filename, files }) => {
    const source = PUBLISHABLE.find((pkg) => pkg.name === name)
    if (source === undefined) throw new Error(`Packed '${name}', which was not asked for`)
    return { package: source, path: filename, files: files.map((file) => file.path) }
  })
}

async function pnpm(cwd: string, args: readonly string[]): Promise<string> {
  const version = String(readJsonObject(join(ROOT, 'package.json')).packageManager)
  const result = await run('npx', ['-y', version, ...args], cwd)
  if (result.code !== 0) throw new Error(`pnpm ${args[0]} failed:\n${result.stdout}\n${result.stderr}`)
  return result.stdout
}
