import { createRequire } from 'node:module'
import { getSystemErrorName } from 'node:util'

import { LockUnsupportedError } from './errors.js'

/** The system calls Node lacks. Each returns 0 or the error number; none of them ever waits. */
export interface Native {
  /** flock(2) with LOCK_NB: take the lock exclusively or shared. */
  takeFlock(fd: number, shared: boolean): number
  /** flock(2) with LOCK_UN. */
  dropFlock(fd: number): number
  /**
   * Take or drop an open-file-description lock on bytes `[start, start + length)`.
   * `undefined` where the platform has no such locks, or has them collide with flock(2).
   */
  readonly setRange: ((fd: number, take: boolean, start: number, length: number) => number) | undefined
  /** CLOCK_REALTIME in whole microseconds since the epoch. `Date.now` is too coarse to tell two quick holders apart. */
  realtimeMicros(): number
}

/** A system call was refused because somebody else has a lock in the way. */
export function isHeldElsewhere(error: number): boolean {
  return error !== 0 && getSystemErrorName(-error) === 'EAGAIN'
}

/** The error Node would have thrown if it had made this call itself. */
export function systemError(error: number, syscall: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(-error)
  return Object.assign(new Error(`${code}: ${syscall}`), { code, errno: -error, syscall })
}

/**
 * Bind the system calls, on first use only: an app that prints its help should not pay for the FFI.
 * Throws LockUnsupportedError where flock(2) does not exist.
 */
export function loadNative(path: string): Native {
  if (loaded !== undefined) return loaded
  if (process.platform === 'win32') {
    throw new LockUnsupportedError(`File locks need flock(2), which Windows does not have: "${path}"`, { path })
  }
  try {
    loaded = bind()
  } catch (cause) {
    throw new LockUnsupportedError(`Failed to reach flock(2) on ${process.platform}-${process.arch} for "${path}"`, {
      path,
      cause,
    })
  }
  return loaded
}

// The one binding of this thread: symbols of a running process do not change.
let loaded: Native | undefined

const LOCK_SH = 1
const LOCK_EX = 2
const LOCK_NB = 4
const LOCK_UN = 8
const CLOCK_REALTIME = 0
const F_OFD_SETLK = 37
const F_WRLCK = 1
const F_UNLCK = 2
/** Where `struct flock` and `struct timespec` have 64-bit members at the offsets used below. */
const WIDE_ARCHITECTURES = ['x64', 'arm64', 'ppc64', 'riscv64', 's390x', 'loong64']

function bind(): Native {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
  // No library name: the symbols of libc (glibc, musl, libSystem) are already in the process.
  const libc = koffi.load(null)
  const flock: (fd: number, operation: number) => number = libc.func('int flock(int fd, int operation)')
  const fcntl: (fd: number, command: number, type: string, value: ArrayBuffer) => number = libc.func(
    'int fcntl(int fd, int command, ...)',
  )
  const clock: (id: number, time: BigInt64Array) => number = libc.func('int clock_gettime(int id, _Out_ int64_t *time)')
  const { EINTR } = koffi.os.errno
  const wide = WIDE_ARCHITECTURES.includes(process.arch)
  const result = (call: () => number): number => {
    for (;;) {
      if (call() === 0) return 0
      const error = koffi.errno()
      if (error !== EINTR) return error
    }
  }

  const range = new ArrayBuffer(32)
  const rangeType = new Int16Array(range, 0, 1)
  const rangeBounds = new BigInt64Array(range, 8, 2)
  const setRange = (fd: number, take: boolean, start: number, length: number): number => {
    rangeType[0] = take ? F_WRLCK : F_UNLCK
    rangeBounds[0] = BigInt(start)
    rangeBounds[1] = BigInt(length)
    return result(() => fcntl(fd, F_OFD_SETLK, 'void *', range))
  }

  const time = new BigInt64Array(2)
  const realtimeMicros = (): number => {
    if (!wide || clock(CLOCK_REALTIME, time) !== 0) return Date.now() * 1000
    return Number((time[0] ?? 0n) * 1_000_000n + (time[1] ?? 0n) / 1000n)
  }

  return {
    takeFlock: (fd, shared) => result(() => flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB)),
    dropFlock: (fd) => result(() => flock(fd, LOCK_UN)),
    setRange: process.platform === 'linux' && wide ? setRange : undefined,
    realtimeMicros,
  }
}
