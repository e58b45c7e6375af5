/** The writer's hold on `.holdfast.journal`; its form is described in journal.ts. Only used while the database is locked. */
import { type AppendFile, openAppendFile, removeFile } from '@holdfast/atomic-file'
import { fileSignature } from './database-files.js'
import type { JournalState } from './database-state.js'
import { encodeRecord, type JournalRecord } from './journal.js'

export class JournalFile {
  readonly #path: string
  readonly #onChange: (state: JournalState) => void
  #open: { readonly file: AppendFile; signature: string | undefined } | undefined

  /** `onChange` is told what the file holds after each change. */
  constructor(path: string, onChange: (state: JournalState) => void) {
    this.#path = path
    this.#onChange = onChange
  }

  /** On return the record survives a power failure. */
  async append(record: JournalRecord): Promise<void> {
    const { file } = await this.#opened()
    await file.append(encodeRecord(record))
    await this.#changed(record.type === 'intent' ? record.documents : [])
  }

  async truncate(size: number, intent: JournalState['intent']): Promise<void> {
    const { file } = await this.#opened()
    await file.truncate(size)
    await this.#changed(intent)
  }

  async remove(): Promise<void> {
    await this.close()
    await removeFile(this.#path)
    this.#onChange({ signature: undefined, validBytes: 0, size: 0, intent: [] })
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.file.close()
  }

  async #opened(): Promise<{ readonly file: AppendFile; signature: string | undefined }> {
    const signature = await fileSignature(this.#path)
    // Another process may have appended to it or dropped it since.
    if (this.#open !== undefined && (signature === undefined || signature !== this.#open.signature)) await this.close()
    this.#open ??= { file: await openAppendFile(this.#path), signature: undefined }
    return this.#open
  }

  async #changed(intent: JournalState['intent']): Promise<void> {
    if (this.#open === undefined) return
    const signature = await fileSignature(this.#path)
    const { size } = this.#open.file
    this.#open.signature = signature
    this.#onChange({ signature, validBytes: size, size, intent })
  }
}
