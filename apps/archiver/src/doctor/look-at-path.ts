import { constants, type Stats } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'

/** What the system says about a path for the user who asks. */
export type PathView =
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly reason: string }
  | {
      readonly kind: 'there'
      readonly stats: Stats
      readonly readable: boolean
      readonly writable: boolean
      /** Of a folder: its content can be reached. */
      readonly searchable: boolean
    }

export async function lookAtPath(path: string): Promise<PathView> {
  try {
    const stats = await stat(path)
    const may = async (mode: number): Promise<boolean> =>
      access(path, mode).then(
        () => true,
        () => false,
      )
    const [readable, writable, searchable] = [
      await may(constants.R_OK),
      await may(constants.W_OK),
      await may(constants.X_OK),
    ]
    return { kind: 'there', stats, readable, writable, searchable }
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' }
    return { kind: 'refused', reason: error instanceof Error ? error.message : String(error) }
  }
}

/** The path itself, or the nearest folder above it that exists. */
export async function nearestExisting(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) if ((await lookAtPath(at)).kind !== 'missing' || at === dirname(at)) return at
}
