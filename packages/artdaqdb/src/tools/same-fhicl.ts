import { type FhiclDocument, type FhiclEntry, type FhiclNode, readFhicl, writeFhicl } from '@holdfast/fhicl'

/**
 * Whether an exported text is what a stored document leads to. The database renders what it holds anew, and each pass may add to comments; so
 * keys, values, their order and their spelling have to agree, comments do not.
 */
export function sameFhicl(exported: string, stored: FhiclDocument): boolean {
  if (exported === writeFhicl(stored)) return true
  try {
    return withoutComments(readFhicl(exported)) === withoutComments(stored)
  } catch {
    return false
  }
}

function withoutComments({ prolog, main }: FhiclDocument): string {
  return writeFhicl({ prolog: prolog.map(bareEntry), main: main.map(bareEntry), comments: [] })
}

function bareEntry({ key, value }: FhiclEntry): FhiclEntry {
  return { key, value: bare(value) }
}

function bare(node: FhiclNode): FhiclNode {
  if (node.kind === 'table') return { ...node, comment: '', entries: node.entries.map(bareEntry) }
  if (node.kind === 'sequence') return { ...node, comment: '', annotation: '', elements: node.elements.map(bare) }
  return { ...node, comment: '', annotation: '' }
}
