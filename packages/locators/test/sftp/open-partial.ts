import { closeSync, existsSync, fdatasyncSync, openSync, statSync, truncateSync, writeSync } from 'node:fs'
import type { PartialFile } from '../../src/sftp/download-file.ts'

/** A plain partial file, as `openAppendFile` of `@holdfast/atomic-file` gives one. */
export function openPartial(path: string): PartialFile & { readonly largestAppend: number } {
  if (!existsSync(path)) closeSync(openSync(path, 'w'))
  let largestAppend = 0
  return {
    path,
    get size() {
      return statSync(path).size
    },
    get largestAppend() {
      return largestAppend
    },
    append: async (data) => {
      largestAppend = Math.max(largestAppend, data.length)
      const descriptor = openSync(path, 'a')
      writeSync(descriptor, data)
      fdatasyncSync(descriptor)
      closeSync(descriptor)
    },
    truncate: async (size) => truncateSync(path, size),
  }
}
