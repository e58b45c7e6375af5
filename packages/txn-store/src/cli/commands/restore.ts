import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { diff } from '../../diff.js'
import type { Layout } from '../../file/layout.js'
import { TxnStore } from '../../txn-store.js'
import { OperatorError } from '../cli-errors.js'
import type { ChangeContext, CommandResult } from '../command-result.js'
import { harmless } from '../harmless.js'
import { type OpenedDocument, storageOptions } from '../opened-document.js'
import type { CommonOptions } from '../options.js'
import { countOf, renderChanges } from '../render-changes.js'

export interface RestoreRequest {
  readonly backup: string | undefined
  readonly to: number | undefined
  readonly yes: boolean
}

/**
 * Makes the document what it was. A state that can be read is replaced only when the operator agrees; a damaged or missing one without asking: nothing of it
 * is lost, its file is set aside.
 */
export async function restore(
  opened: OpenedDocument,
  { backup, to, yes }: RestoreRequest,
  options: CommonOptions,
  context: ChangeContext,
): Promise<CommandResult> {
  const { dryRun, confirm, note, signal } = context
  const { path } = opened
  const target = to === undefined ? await opened.backup(backup ?? '') : await opened.at(to)
  const current = await opened.tryCurrent()
  const patch = current === undefined ? undefined : diff(current.data, target.data)
  const document = { path, from: target.name, changes: patch?.length ?? null, dryRun }
  if (patch?.length === 0) {
    return { text: say(`'${path}' is what it was in '${target.name}'`), document: { ...document, restored: false } }
  }
  const change = patch === undefined ? 'a damaged or missing document' : countOf(patch.length, 'change')
  if (dryRun) {
    const details = current === undefined || patch === undefined ? '' : renderChanges(current.data, patch)
    const text = `${say(`'${path}' would be restored from '${target.name}': ${change}`)}${details}`
    return { text, document: { ...document, restored: false, patch: patch ?? null } }
  }
  if (patch !== undefined && !yes && !(await confirm(`Restore '${path}' from '${target.name}', ${change}?`))) {
    throw new OperatorError(`'${path}' was not restored`, { code: 'ERR_STATE_DECLINED' })
  }
  signal.throwIfAborted()
  const asideBefore = await listAside(opened.storage.layout)
  await using store = new TxnStore(path, storageOptions(options))
  store.on('warning', ({ error }) => note(error instanceof Error ? error.message : String(error)))
  store.on('recovered', ({ description }) => note(description))
  const { replaced } =
    to === undefined
      ? await store.restoreBackup(await opened.backupPath(backup ?? ''), { signal })
      : await store.restoreToTime(to, { signal })
  const aside = (await listAside(opened.storage.layout)).filter((file) => !asideBefore.includes(file))
  const undo = replaced === undefined ? undefined : opened.command('restore', replaced)
  const lines = [
    say(`Restored '${path}' from '${target.name}'`),
    ...aside.map((file) => say(`What could not be read is kept as '${file}'`)),
    ...(undo === undefined ? [] : [say('To undo it:'), `  ${undo}\n`]),
  ]
  const result = { ...document, restored: true, replaced: replaced ?? null, setAside: aside, undo: undo ?? null }
  return { text: lines.join(''), document: result }
}

/** Documents and journals that were set aside because they could not be read. */
async function listAside({ document, journal }: Layout): Promise<string[]> {
  const found: string[] = []
  for (const path of [document, journal]) {
    const prefix = `${basename(path)}.corrupt-`
    const names = existsSync(dirname(path)) ? await readdir(dirname(path)) : []
    for (const name of names) if (name.startsWith(prefix)) found.push(join(dirname(path), name))
  }
  return found
}

function say(text: string): string {
  return `${harmless(text)}\n`
}
