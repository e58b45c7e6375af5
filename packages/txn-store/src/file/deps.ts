import { hostname } from 'node:os'
import type { AtomicFileDeps, FileSystem } from '@holdfast/atomic-file'

/** What the store needs of the world; replaced in tests. */
export interface StoreDeps extends AtomicFileDeps {
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
  /** @default this process and machine */
  readonly pid?: number
  readonly host?: string
}

export interface ResolvedDeps {
  readonly now: () => number
  readonly pid: number
  readonly host: string
  /** For @holdfast/atomic-file. */
  readonly files: { readonly fs?: FileSystem }
}

export function resolveDeps({ now = Date.now, pid = process.pid, host = hostname(), fs }: StoreDeps): ResolvedDeps {
  return { now, pid, host, files: fs === undefined ? {} : { fs } }
}
