import { resolve } from 'node:path'
import { AttemptError } from '../errors.js'
import { look, readFacts } from '../files/file-facts.js'
import { findFiles, isPattern, toRecordedPath } from '../files/find-files.js'
import type { Phase } from '../pipeline.js'
import type { RecordedFile } from '../record/unit-record.js'
import type { Lookup } from '../variables.js'

/** The outputs that were there before an attempt: path and stamp. */
export type OldOutputs = ReadonlyMap<string, string>

/** Looks at what an attempt could leave as it is and pass off as its own. */
export async function findOldOutputs({ outputs }: Phase, lookup: Lookup, folder: string): Promise<OldOutputs> {
  const old = new Map<string, string>()
  for (const { path: template } of Object.values(outputs)) {
    for (const path of await findFiles(template, lookup, folder)) {
      const found = await look(path)
      if (found !== undefined) old.set(path, found.stamp)
    }
  }
  return old
}

/**
 * The outputs that an attempt has made: there, of the size they must have, not those of before, and read for their hashes. Tells, too, how many files match an
 * output but were left as they had been.
 *
 * @throws AttemptError that names the output and what is wrong with it
 */
export async function takeOutputs(
  { outputs }: Phase,
  lookup: Lookup,
  { folder, stateFolder, old }: { readonly folder: string; readonly stateFolder: string; readonly old: OldOutputs },
): Promise<{ outputs: Record<string, readonly RecordedFile[]>; leftAlone: Readonly<Record<string, number>> }> {
  const taken: Record<string, readonly RecordedFile[]> = {}
  const leftAlone: Record<string, number> = {}
  for (const [name, { path: template, minBytes, mayBeOld }] of Object.entries(outputs)) {
    const files: RecordedFile[] = []
    for (const path of await findFiles(template, lookup, folder)) {
      const facts = await factsOf(path, name)
      const isOld = !mayBeOld && old.get(path) === facts?.stamp
      // Of a pattern, what was there before and was left alone is not part of the result.
      if (isOld && isPattern(template)) {
        leftAlone[name] = (leftAlone[name] ?? 0) + 1
        continue
      }
      if (facts === undefined)
        throw new AttemptError('MissingOutput', `The output '${name}' was not written: '${path}'`)
      if (isOld) {
        const hint = "Set 'mayBeOld: true' for this output if the command may leave it as it is"
        throw new AttemptError(
          'MissingOutput',
          `The output '${name}' was not written, it is that of before: '${path}'`,
          { hint },
        )
      }
      if (facts.bytes < minBytes) {
        throw new AttemptError(
          'BadOutput',
          `The output '${name}' has ${facts.bytes} bytes, and must have ${minBytes} at least: '${path}'`,
        )
      }
      files.push({ path: toRecordedPath(path, stateFolder), ...facts })
    }
    if (files.length === 0)
      throw new AttemptError(
        'MissingOutput',
        `The output '${name}' was not written: nothing new matches '${resolve(folder, template)}'`,
      )
    taken[name] = files
  }
  return { outputs: taken, leftAlone }
}

/** A file that the work has told of by itself. @throws AttemptError when it is not there */
export async function takeFile(name: string, path: string, stateFolder: string): Promise<RecordedFile> {
  const facts = await factsOf(path, name)
  if (facts === undefined) throw new AttemptError('MissingOutput', `The artifact '${name}' is not there: '${path}'`)
  return { path: toRecordedPath(path, stateFolder), ...facts }
}

async function factsOf(path: string, name: string): ReturnType<typeof readFacts> {
  try {
    return await readFacts(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AttemptError('BadOutput', `The output '${name}' cannot be read: ${reason}`, { cause })
  }
}
