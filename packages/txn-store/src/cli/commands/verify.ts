import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import type { LoadedDocument } from '../../file/load-document.js'
import { oldLogs } from '../../file/log-rotation.js'
import { type HistoryProblem, type HistoryVerification, verifyHistory } from '../../file/verify-history.js'
import { shellCommand } from '../../shell-command.js'
import type { CommandResult } from '../command-result.js'
import { EXIT } from '../exit-codes.js'
import { type Explanation, explainError, renderExplanation } from '../explain-error.js'
import { harmless } from '../harmless.js'
import type { OpenedDocument } from '../opened-document.js'
import { countOf } from '../render-changes.js'
import { waitingCommits } from './checkpoint.js'

/** One thing that is wrong. */
interface Finding extends Omit<Explanation, 'code'> {
  readonly file: string
  /** Counted from 1. */
  readonly line?: number
}

/** Checks document, journal, history and every backup. */
export async function verify(opened: OpenedDocument): Promise<CommandResult> {
  const findings: Finding[] = []
  const current = await readCurrent(opened, findings)
  let history: HistoryVerification | undefined
  if (current !== undefined) {
    history = await verifyHistory(opened.storage.layout, current)
    findings.push(...(await explainHistory(opened, current, history.problems)))
  }
  const folder = join(opened.storage.layout.folder, 'set-aside')
  const backups = await opened.storage.backups.list()
  for (const path of backups) {
    const { code, message } = (await failureOf(() => opened.backup(path))) ?? {}
    // One that was tidied away meanwhile is none.
    if (message === undefined || !existsSync(path)) continue
    const fix = fixBackup(path, code, folder)
    findings.push({ file: path, message, ...fix })
  }
  const waiting = current === undefined ? 0 : waitingCommits(current)
  const facts = [
    ...(history === undefined ? [] : [countOf(history.records, 'record')]),
    ...(history === undefined || history.foreign === 0
      ? []
      : [`${countOf(history.foreign, 'line')} of other programs`]),
    countOf(backups.length, 'backup'),
    ...(waiting === 0 ? [] : [`${countOf(waiting, 'commit')} waiting in the journal`]),
  ]
  const verdict = findings.length === 0 ? 'is in order' : `has ${countOf(findings.length, 'problem')}`
  const { records = null, foreign = null } = history ?? {}
  return {
    text: `${[harmless(`'${opened.path}' ${verdict}: ${facts.join(', ')}`), ...findings.map(render)].join('\n')}\n`,
    document: {
      path: opened.path,
      ok: findings.length === 0,
      records,
      foreign,
      waiting,
      backups: backups.length,
      findings,
    },
    exitCode: findings.length === 0 ? EXIT.success : EXIT.failure,
  }
}

/** A damaged document is a finding; a wrong key or no permission says nothing about the document and ends the check. */
async function readCurrent(opened: OpenedDocument, findings: Finding[]): Promise<LoadedDocument | undefined> {
  try {
    return await opened.current()
  } catch (error) {
    if (errorCode(error) !== 'ERR_STATE_READ') throw error
    const { code: _, ...explanation } = explainError(error)
    findings.push({ file: opened.path, ...explanation })
    return undefined
  }
}

async function explainHistory(
  opened: OpenedDocument,
  current: LoadedDocument,
  problems: readonly HistoryProblem[],
): Promise<Finding[]> {
  const { log, journal } = opened.storage.layout
  const files = [...(await oldLogs(log)).reverse(), log]
  const newest = Math.max(
    -1,
    ...problems.filter(({ line }) => line !== undefined).map(({ file }) => files.indexOf(file)),
  )
  const folder = join(opened.storage.layout.folder, 'set-aside')
  const broken = files.slice(0, newest + 1)
  const move = moveCommand(broken, folder)
  return problems.map((problem) => {
    if (problem.line === undefined) {
      const hint = 'If the change is meant, have the history take note of it (otherwise restore a backup)'
      return { ...problem, hint, command: opened.command('checkpoint') }
    }
    if (problem.file === journal || (waitingCommits(current) > 0 && broken.includes(log))) {
      const hint = 'Write the journal into the document first, then check again'
      return { ...problem, hint, command: opened.command('checkpoint') }
    }
    const hint = 'It cannot be made whole again. To keep it for an inquiry and go on with what is whole'
    return { ...problem, hint, command: move }
  })
}

/** Only what was read and is damaged is of no use; what cannot be read by this user, or with these keys, may be fine. */
function fixBackup(path: string, code: string | undefined, folder: string): Pick<Finding, 'hint' | 'command'> {
  if (code === 'ERR_STATE_READ') {
    const hint = 'It is of no use as it is; the others are not affected. To move it away'
    return { hint, command: moveCommand([path], folder) }
  }
  if (code === 'ERR_WRONG_KEY' || code === 'ERR_STATE_NOT_ENCRYPTED') {
    return { hint: 'Give its key with another --key-file, or --accept-plain if it is older than the encryption' }
  }
  return { hint: 'Check again as a user who may read it, and look at the disk' }
}

function moveCommand(files: readonly string[], folder: string): string {
  return `${shellCommand(['mkdir', '-p', folder])} && ${shellCommand(['mv', ...files, folder])}`
}

async function failureOf(work: () => Promise<unknown>): Promise<Explanation | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return explainError(error)
  }
}

function render({ file, line, message, ...fix }: Finding): string {
  // Messages about the document and the backups name their file themselves.
  const where = line === undefined && message.includes(file) ? '' : `${file}${line === undefined ? '' : `:${line}`}: `
  return `- ${renderExplanation({ code: undefined, ...fix, message: `${where}${message}` }).replaceAll('\n', '\n  ')}`
}
