import type { JsonValue } from '../../json.js'
import { formatPointer, parsePointer } from '../../json-path.js'
import { OperatorError } from '../cli-errors.js'
import type { CommandResult } from '../command-result.js'
import { toJson } from '../harmless.js'
import type { OpenedDocument } from '../opened-document.js'
import { findValue } from '../render-changes.js'

export interface ShowRequest {
  readonly pointer: string
  readonly at: number | undefined
  readonly backup: string | undefined
}

/** The document, or a part of it, now or as it was. */
export async function show(opened: OpenedDocument, { pointer, at, backup }: ShowRequest): Promise<CommandResult> {
  const data =
    at !== undefined
      ? (await opened.at(at)).data
      : backup !== undefined
        ? (await opened.backup(backup)).data
        : (await opened.current()).data
  const value = findValue(data, pointer)
  if (value === undefined) throw missing(opened, data, pointer)
  return { text: `${toJson(value)}\n`, document: value }
}

function missing(opened: OpenedDocument, data: JsonValue, pointer: string): OperatorError {
  const segments = parsePointer(pointer)
  let known = ''
  for (let length = 1; length < segments.length; length += 1) {
    const longer = formatPointer(segments.slice(0, length))
    if (findValue(data, longer) === undefined) break
    known = longer
  }
  return new OperatorError(`There is no '${pointer}' in '${opened.path}'`, {
    hint: known === '' ? 'Look at the whole document' : `Look at '${known}', which is there`,
    command: known === '' ? opened.command('show') : opened.command('show', known),
    code: 'ERR_STATE_NO_SUCH_PLACE',
  })
}
