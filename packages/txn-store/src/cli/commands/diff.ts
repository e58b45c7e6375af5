import { diff } from '../../diff.js'
import type { CommandResult } from '../command-result.js'
import type { OpenedDocument } from '../opened-document.js'
import { renderChanges } from '../render-changes.js'

export interface DiffRequest {
  readonly before: string
  readonly after: string
}

/** What changed from one state to another. The document for programs is the JSON Patch itself. */
export async function diffStates(opened: OpenedDocument, request: DiffRequest): Promise<CommandResult> {
  const before = await opened.state(request.before)
  const after = await opened.state(request.after)
  const patch = diff(before.data, after.data)
  const notes = patch.length === 0 ? ['There is no difference'] : []
  return { text: renderChanges(before.data, patch), document: patch, notes }
}
