import * as nodeFs from 'node:fs/promises'
import type { FileSystem } from '@holdfast/atomic-file'

/** What a full disk refuses: the bytes themselves, or only the last step of a commit. */
export type RefusedStep = 'write' | 'rename'

/** A file system that is full now and then. Files that are open already notice it, too. */
export class FullDisk {
  readonly fs: FileSystem
  isFull = false

  constructor(refused: RefusedStep) {
    const check = (step: RefusedStep): void => {
      if (this.isFull && step === refused) {
        throw Object.assign(new Error(`ENOSPC: no space left on device, ${step}`), { code: 'ENOSPC', syscall: step })
      }
    }
    this.fs = {
      ...nodeFs,
      rename: async (from, to) => {
        check('rename')
        await nodeFs.rename(from, to)
      },
      open: async (...args) => failing(await nodeFs.open(...args), () => check('write')),
    }
  }
}

function failing(handle: nodeFs.FileHandle, check: () => void): nodeFs.FileHandle {
  return new Proxy(handle, {
    get(target, property) {
      if (property === 'write') check()
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
