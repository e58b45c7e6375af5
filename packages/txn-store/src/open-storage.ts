import { plainCodec, sealedCodec } from './file/codec.js'
import type { StoreDeps } from './file/deps.js'
import { FileStorage, type StorageEvents } from './file/file-storage.js'
import { KeyRing } from './key-ring.js'
import { resolveOptions, type TxnStoreOptions } from './options.js'

/** What the files of a document look like; the rest of the options is about transactions. */
export type StorageOptions = Omit<
  TxnStoreOptions<object>,
  'schema' | 'validateOnRead' | 'logUnchanged' | 'replica' | 'storage'
>

/**
 * The document as files, for those who want the port without the transactions. Key files are read now, everything else when it is needed.
 *
 * @throws KeyFileError, RangeError
 * @example const storage = await openFileStorage('pipeline.json')
 */
export async function openFileStorage(
  path: string,
  options: StorageOptions = {},
  events: Partial<StorageEvents> = {},
  deps: StoreDeps = {},
): Promise<FileStorage> {
  const { folder, logName, encryption } = options
  const resolved = resolveOptions(options)
  const format = { sortKeys: resolved.sortKeys }
  const codec =
    encryption === undefined
      ? plainCodec(format)
      : sealedCodec(await KeyRing.from(encryption), encryption.acceptPlain ?? false, format)
  const { onRecovered = () => undefined, onWarning = () => undefined } = events
  return new FileStorage(
    path,
    { ...resolved, folder, logName, codec, journalMode: resolved.journal },
    { onRecovered, onWarning },
    deps,
  )
}
