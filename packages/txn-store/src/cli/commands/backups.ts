import { stat } from 'node:fs/promises'
import { errorCode } from '@holdfast/atomic-file'
import type { CommandResult } from '../command-result.js'
import { harmless } from '../harmless.js'
import type { OpenedDocument } from '../opened-document.js'
import { countOf } from '../render-changes.js'

interface ListedBackup {
  readonly path: string
  /** When the state in it was replaced, ISO-8601 UTC with microseconds. */
  readonly replacedAt: string
  readonly bytes: number
}

/** The states that were replaced, newest first. */
export async function backups(opened: OpenedDocument, limit: number): Promise<CommandResult> {
  const all = await opened.storage.backups.list()
  const listed: ListedBackup[] = []
  for (const path of all.slice(0, limit)) {
    const bytes = await sizeOf(path)
    const micros = opened.storage.backups.microsOf(path)
    if (bytes !== undefined && micros !== undefined) listed.push({ path, replacedAt: isoOf(micros), bytes })
  }
  const older = all.length - Math.min(limit, all.length)
  const notes: string[] = []
  if (all.length === 0) notes.push(`There are no backups in '${opened.storage.layout.backups}'`)
  if (older > 0) notes.push(`${countOf(older, 'older backup')} not shown; --limit ${all.length} shows all`)
  const width = Math.max(0, ...listed.map(({ bytes }) => String(bytes).length))
  const text = listed.map(
    ({ path, replacedAt, bytes }) => `${replacedAt}  ${String(bytes).padStart(width)} bytes  ${harmless(path)}\n`,
  )
  return { text: text.join(''), document: { path: opened.path, total: all.length, backups: listed }, notes }
}

/** `undefined` when it was tidied away meanwhile. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function isoOf(micros: number): string {
  const iso = new Date(Math.floor(micros / 1000)).toISOString()
  return `${iso.slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`
}
