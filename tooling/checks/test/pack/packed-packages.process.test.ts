/** What someone gets who installs the packages from a registry: not the workspace, only the tarballs. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { objectMember, readJsonObject } from '../../src/json.ts'
import { makePackedProject, type PackedProject, PUBLISHABLE, run } from './packed-project.ts'

const INSTALL_TIMEOUT_MS = 180_000
const TYPESCRIPT = join(import.meta.dirname, '../../../../node_modules/.bin/tsc')
const rows = PUBLISHABLE.map((pkg) => ({
  name: pkg.name,
  folder: pkg.folder,
  short: pkg.name.split('/')[1] ?? '',
  pkg,
}))
const libraries = rows.filter(({ pkg }) => pkg.group === 'packages')
const bins = rows.flatMap((row) => Object.keys(objectMember(row.pkg.manifest, 'bin')).map((bin) => ({ ...row, bin })))

describe('the packed packages, installed outside of the workspace', () => {
  let folder: string
  let project: PackedProject

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-pack-'))
    project = await makePackedProject(folder)
  }, INSTALL_TIMEOUT_MS)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(rows)('$name holds its build, its README, the license and configurations, and nothing else', ({ pkg }) => {
    const files = project.tarballs.find((tarball) => tarball.package === pkg)?.files ?? []
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts']),
    )
    const allowed =
      /^(LICENSE|README\.md|CHANGELOG\.md|package\.json|bin\/[\w-]+\.js|configs\/[\w-]+\.yaml|dist\/[\w./-]+(\.js|\.d\.ts))$/
    expect(files.filter((file) => !allowed.test(file))).toEqual([])
  })

  test.each(rows)('$name names no version that only the workspace knows', ({ name }) => {
    const text = readFileSync(join(project.path, 'node_modules', name, 'package.json'), 'utf8')
    expect(text).not.toMatch(/"(workspace|catalog|link|file):/)
  })

  test.each(rows)('$name can be imported and has the exports of the workspace', async ({ name, pkg }) => {
    const exports = objectMember(readJsonObject(join(pkg.path, 'package.json')), 'exports')
    for (const subpath of Object.keys(exports)) {
      if (subpath === './package.json') continue
      const specifier = `${name}${subpath.slice(1)}`
      const script = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(specifier)})).sort()))`
      const result = await run(process.execPath, ['--input-type=module', '-e', script], project.path)
      expect(result).toMatchObject({ code: 0, stderr: '' })
      const target = objectMember(exports, subpath).default
      const built: object = await import(pathToFileURL(join(pkg.path, String(target))).href)
      expect(JSON.parse(result.stdout)).toEqual(Object.keys(built).sort())
      expect(Object.keys(built)).not.toEqual([])
    }
  })

  test.each(libraries)('$name does its work from an ES module', async ({ short }) => {
    const scratch = mkdtempSync(join(folder, 'scratch-'))
    const result = await run(process.execPath, [join(project.path, 'esm', `${short}.mjs`)], scratch)
    expect(result).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('every library has a TypeScript use, and all of them compile with all checks on', async () => {
    const missing = libraries.map(({ short }) => `typescript/${short}.ts`)
    expect(missing.filter((file) => !existsSync(join(project.path, file)))).toEqual([])
    const result = await run(TYPESCRIPT, ['-p', 'typescript'], project.path)
    expect(result).toEqual({ code: 0, stdout: '', stderr: '' })
    for (const { short } of libraries) {
      const scratch = mkdtempSync(join(folder, 'scratch-'))
      const ran = await run(process.execPath, [join(project.path, 'typescript/out', `${short}.js`)], scratch)
      expect(ran, short).toEqual({ code: 0, stdout: '', stderr: '' })
    }
  })

  test.each(bins)('$bin is installed as a command and explains itself', async ({ bin }) => {
    const result = await run(join(project.path, 'node_modules/.bin', bin), ['--help'], project.path)
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout).toContain(bin)
  })
}, 60_000)
