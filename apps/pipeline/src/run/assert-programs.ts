import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { MissingProgramError } from '../errors.js'
import type { Phase } from '../pipeline.js'

/** A program that a phase would start and that is nowhere in its `PATH`. */
export interface MissingProgram {
  readonly phase: string
  readonly program: string
}

/** Looks for the programs that are named without a folder; others may be made by a phase before. */
export async function findMissingPrograms(
  phases: readonly Phase[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<MissingProgram[]> {
  const missing: MissingProgram[] = []
  for (const { id, work, check } of phases) {
    if (work.kind === 'function') continue
    const path = work.set['PATH'] ?? env['PATH']
    if (path === undefined || path.includes('${')) continue
    for (const program of [work.argv?.[0], check?.[0]]) {
      if (program === undefined || /[/$]/.test(program) || (await isInPath(program, path))) continue
      missing.push({ phase: id, program })
    }
  }
  return missing
}

/** @throws MissingProgramError that names all that are missing */
export async function assertPrograms(
  phases: readonly Phase[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const missing = await findMissingPrograms(phases, env)
  if (missing.length === 0) return
  const list = missing.map(({ phase, program }) => `'${program}' for ${phase}`).join(', ')
  throw new MissingProgramError(`Not in the PATH: ${list}`, {
    hint: 'Install it, or write the program with its folder',
  })
}

async function isInPath(program: string, path: string): Promise<boolean> {
  for (const folder of path.split(':')) {
    const isThere = await access(join(folder === '' ? '.' : folder, program), constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return true
  }
  return false
}
