import { errorCode } from '@holdfast/atomic-file'
import { StateReadError } from '../errors.js'
import type { JsonObject } from '../json.js'
import { JsonPatcher } from '../json-patch.js'
import type { DocumentCodec } from './codec.js'
import { type DocumentImage, identify, NO_DOCUMENT, readWhole } from './document-image.js'
import { entriesIn, entriesOf, type Journal, type JournalView } from './journal.js'

/** A committed state: the document's file and what the journal adds to it. */
export interface LoadedDocument {
  readonly image: DocumentImage
  readonly journal: JournalView | undefined
  readonly data: JsonObject
}

export interface DocumentSource {
  readonly path: string
  readonly codec: DocumentCodec
  readonly journal: Journal
  /** What to do about a damaged document; for error messages. */
  readonly hint: () => Promise<string>
}

/**
 * The newest committed state, also while other processes commit: document and journal are read until they belong together. What did not change since
 * `known` is not read again.
 *
 * @throws StateReadError
 */
export async function loadDocument(source: DocumentSource, known: LoadedDocument | undefined): Promise<LoadedDocument> {
  for (let attempt = 1; ; attempt += 1) {
    const image = await loadImage(source, known?.image)
    const journal = await source.journal.read(known?.journal)
    if (journal === undefined) {
      // A checkpoint publishes the document before it removes the journal: the same file means that nothing was in between.
      if (identify(source.path) === image.identity) return { image, journal, data: image.data }
      continue
    }
    const included = entriesIn(journal, image.sha256)
    if (included !== undefined) return { image, journal, data: replay(image, journal, included, known) }
    if (attempt >= MAX_ATTEMPTS && identify(source.path) === image.identity) throw strangers(source)
  }
}

/** Another document under the same name can be mistaken for a checkpoint in progress only so often. */
const MAX_ATTEMPTS = 5

async function loadImage(source: DocumentSource, known: DocumentImage | undefined): Promise<DocumentImage> {
  const { path, codec } = source
  if (known !== undefined && identify(path) === known.identity) return known
  try {
    const { identity, sha256, bytes } = await readWhole(path)
    if (bytes === undefined) return NO_DOCUMENT
    const { length } = bytes
    const isOutdated = codec.isOutdated(bytes)
    const data = codec.decode(bytes, path, undefined, () => free(bytes))
    return { identity, sha256, bytes: length, data, isOutdated }
  } catch (error) {
    throw await explained(error, source)
  }
}

/** Gives the memory back at once. The collector, which sees only a small object, may let it lie beside all that is made of it. */
function free({ buffer, byteLength }: Buffer): void {
  // A small one may share its memory with others.
  if (byteLength >= LARGE_BYTES && buffer.byteLength === byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

const LARGE_BYTES = 1 << 20

/** The system would not read it, perhaps only at this moment: nobody knows whether it is damaged. */
export function isRefusal({ cause }: StateReadError): boolean {
  return errorCode(cause)?.startsWith('ERR_') === false
}

async function explained(error: unknown, source: DocumentSource): Promise<unknown> {
  const { path } = source
  if (error instanceof StateReadError) {
    return new StateReadError(error.message, { path, hint: error.hint ?? (await source.hint()), cause: error.cause })
  }
  const code = errorCode(error)
  // Under a wrong key nothing is damaged: taken for that, the document would be set aside and replaced.
  if (code === undefined || code === 'ERR_WRONG_KEY') return error
  const reason = error instanceof Error ? error.message : String(error)
  return new StateReadError(`Cannot read '${path}': ${reason}`, { path, cause: error })
}

function replay(
  image: DocumentImage,
  journal: JournalView,
  included: number,
  known: LoadedDocument | undefined,
): JsonObject {
  const isContinued = known?.image === image && known.journal?.shared === journal.shared
  const data = isContinued ? known.data : image.data
  const from = isContinued ? Math.max(included, known.journal?.count ?? 0) : included
  if (from >= journal.count) return data
  const patcher = new JsonPatcher(data)
  for (const { patch } of entriesOf(journal, from)) if (patch !== undefined) patcher.apply(patch)
  return patcher.finish() as JsonObject
}

function strangers({ path, journal }: DocumentSource): StateReadError {
  return new StateReadError(
    `Cannot read '${path}': it was changed by another program while commits wait in the journal '${journal.path}'`,
    {
      path,
      hint: 'Restore a backup, or write the document anew; the journal is then set aside and nothing in it is lost',
    },
  )
}
