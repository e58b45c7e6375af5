import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type OpenArchiveDeps, openArchive, type RunArchive } from '@holdfast/ucondb'

export function serverUrlOf(root: string): string {
  return pathToFileURL(root).href
}

export function openEmbedded(root: string, timeoutMs = 10_000, deps: OpenArchiveDeps = {}): Promise<RunArchive> {
  const names = { folderName: 'runs', objectName: 'configuration' }
  return openArchive({ serverUrl: serverUrlOf(root), ...names, timeoutMs }, deps)
}

/** A file of the archive that `openEmbedded` opens. */
export function fileOf(root: string, name: string): string {
  return join(root, 'runs', 'configuration', name)
}

export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text))
}
