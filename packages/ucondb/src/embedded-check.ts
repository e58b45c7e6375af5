import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { EmbeddedLayout } from './embedded-layout.js'
import type { ArchiveUnavailableError } from './errors.js'
import type { ArchiveCheck, ArchiveProblem } from './run-archive.js'
import { explained, systemCode } from './system-error.js'

const OTHER_HINT = 'Look at the folder on this machine'

/** Whether a put could be expected to work: what is missing can be created, and what is there is a folder that can be read and written. */
export async function checkEmbedded(layout: EmbeddedLayout): Promise<ArchiveCheck> {
  let path = layout.object
  let found = await lookAt(path)
  while (found === 'missing' && path !== dirname(path)) {
    path = dirname(path)
    found = await lookAt(path)
  }
  const problems = found === 'missing' ? [] : found.problems
  const folderExists = found !== 'missing' && found.isFolder && (path === layout.object || path === layout.folder)
  return { usable: problems.length === 0, folderExists, problems }
}

async function lookAt(path: string): Promise<'missing' | { isFolder: boolean; problems: ArchiveProblem[] }> {
  let isFolder = false
  try {
    return await explained('use the archive folder', path, async () => {
      isFolder = (await stat(path)).isDirectory()
      if (!isFolder) return { isFolder, problems: [notAFolder(path)] }
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
      return { isFolder, problems: [] }
    })
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing'
    if (!isUnavailable(error)) throw error
    return { isFolder, problems: [{ message: error.message, hint: error.hint ?? OTHER_HINT }] }
  }
}

function notAFolder(path: string): ArchiveProblem {
  return { message: `'${path}' is not a folder`, hint: 'Choose another archive folder or move the file away' }
}

function isUnavailable(error: unknown): error is ArchiveUnavailableError {
  return error instanceof Error && 'code' in error && error.code === 'ERR_ARCHIVE_UNAVAILABLE'
}
