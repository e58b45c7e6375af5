import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * Mounts a file system of its own that holds `sizeBytes` (rounded up to pages), for tests of a full disk; it is unmounted when the test ends.
 * Returns its folder, or `undefined` where this process may not mount (neither root nor `sudo` without a password). With CI set it throws
 * instead, so that no such test is silently left out there, unless HOLDFAST_WITHOUT_MOUNTS says that this is known.
 *
 * @example
 * const disk = mountTinyFileSystem(64 * 1024)
 * if (disk === undefined) return context.skip('mounting needs root')
 * fillDisk(disk)
 */
export function mountTinyFileSystem(sizeBytes: number): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-disk-'))
  const options = `size=${sizeBytes},mode=700,uid=${process.getuid?.() ?? 0},gid=${process.getgid?.() ?? 0}`
  const prefix = mountingPrefix(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', directory])
  if (prefix === undefined) {
    rmSync(directory, { recursive: true })
    if (!isCi() || process.env.HOLDFAST_WITHOUT_MOUNTS !== undefined) return undefined
    throw new Error(
      'Cannot mount a tmpfs, and tests of a full disk must not be left out in CI: run the tests as root with the capability SYS_ADMIN or ' +
        'with passwordless sudo, or set HOLDFAST_WITHOUT_MOUNTS=1 to leave these tests out knowingly',
    )
  }
  onTestFinished(() => {
    unmount(prefix, directory)
    rmSync(directory, { recursive: true })
  })
  return directory
}

/**
 * Writes a file into a folder until the disk is full and returns its path: remove it to make room again.
 *
 * @param leaveBytes Room that is given back afterwards; disks count in blocks, mostly of 4096 bytes. @default 0
 */
export function fillDisk(directory: string, leaveBytes = 0): string {
  const path = join(directory, '.fill')
  const descriptor = openSync(path, 'a')
  try {
    for (let chunkBytes = 1 << 20; chunkBytes >= 1; chunkBytes >>= 4) writeUntilFull(descriptor, chunkBytes)
  } finally {
    closeSync(descriptor)
  }
  if (leaveBytes > 0) truncateSync(path, Math.max(0, statSync(path).size - leaveBytes))
  return path
}

function writeUntilFull(descriptor: number, chunkBytes: number): void {
  const chunk = Buffer.alloc(chunkBytes, 0x66)
  try {
    for (;;) writeSync(descriptor, chunk)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}

function isCi(): boolean {
  return !['', 'false', '0', undefined].includes(process.env.CI)
}

/** Runs a mount command; what it had to be prefixed with to succeed, or `undefined`. */
function mountingPrefix(command: readonly string[]): readonly string[] | undefined {
  if (process.platform !== 'linux') return undefined
  const prefixes = process.getuid?.() === 0 ? [[]] : [['sudo', '-n']]
  return prefixes.find((prefix) => {
    try {
      run([...prefix, ...command])
      return true
    } catch {
      return false
    }
  })
}

function unmount(prefix: readonly string[], directory: string): void {
  try {
    run([...prefix, 'umount', directory])
  } catch {
    // Something in the test still has a file open there; the file system goes away with that process.
    run([...prefix, 'umount', '-l', directory])
  }
}

function run([program = '', ...args]: readonly string[]): void {
  execFileSync(program, args, { stdio: 'pipe' })
}
