import { access, constants } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Pipeline } from '../pipeline.js'
import { findMissingPrograms } from '../run/assert-programs.js'
import type { Finding } from './finding.js'

type Environment = Readonly<Record<string, string | undefined>>

/** The programs of all phases: in the PATH, or where their folder says. */
export async function checkPrograms(pipeline: Pipeline, env: Environment): Promise<Finding[]> {
  const missing = await findMissingPrograms(pipeline.phases, env)
  const findings: Finding[] = missing.map(({ phase, program }) => ({
    check: 'programs',
    level: 'failed',
    message: `'${program}', which ${phase} starts, is not in the PATH`,
    fix: 'Install it, or write the program with its folder',
  }))
  for (const { id, work, check } of pipeline.phases) {
    if (work.kind === 'function' || work.cwd.includes('${')) continue
    const programs = [work.argv?.[0], check?.[0], work.shellLine === undefined ? undefined : '/bin/sh']
    for (const program of programs) {
      if (program === undefined || !program.includes('/') || program.includes('${')) continue
      const path = resolve(pipeline.folder, work.cwd, program)
      if ((await isExecutable(path)) || isMade(pipeline, path)) continue
      const message = `'${path}', which ${id} starts, is not there or may not be executed`
      findings.push({ check: 'programs', level: 'failed', message, fix: `Put it there, and: chmod +x '${path}'` })
    }
  }
  if (findings.length > 0) return findings
  return [{ check: 'programs', level: 'ok', message: 'All programs are there', fix: undefined }]
}

/** The variables that phases ask for. A program may do without. */
export function checkEnvironment({ phases }: Pipeline, env: Environment): Finding[] {
  const missing = phases.flatMap(({ id, work }) =>
    work.kind === 'function' ? [] : work.pass.filter((name) => env[name] === undefined).map((name) => ({ id, name })),
  )
  return missing.map(({ id, name }) => ({
    check: 'environment',
    level: 'warning',
    message: `'${name}', which ${id} is to get, is not in the environment`,
    fix: `Set it, or take it from 'env: pass' of ${id}`,
  }))
}

/** A phase may write a program that a later one starts. */
function isMade({ phases, folder }: Pipeline, path: string): boolean {
  return phases.some(({ outputs }) => Object.values(outputs).some((output) => resolve(folder, output.path) === path))
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
