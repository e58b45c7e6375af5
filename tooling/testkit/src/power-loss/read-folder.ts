import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type InodeAtStart, type InodeNumber, ROOT } from './recording.js'

/** Everything below a folder, with names of one file leading to one inode. Devices, pipes and sockets are left out. */
export function readFolder(root: string): Map<InodeNumber, InodeAtStart> {
  const inodes = new Map<InodeNumber, InodeAtStart>()
  const known = new Map<string, InodeNumber>()
  let next = ROOT

  function read(path: string): InodeNumber | undefined {
    const status = lstatSync(path)
    const identity = `${status.dev}:${status.ino}`
    const seen = known.get(identity)
    if (seen !== undefined) return seen
    if (!status.isFile() && !status.isDirectory() && !status.isSymbolicLink()) return undefined
    const inode = next++
    known.set(identity, inode)
    const mode = status.mode & 0o7777
    if (status.isFile()) inodes.set(inode, { kind: 'file', mode, bytes: readFileSync(path) })
    else if (status.isSymbolicLink()) inodes.set(inode, { kind: 'symlink', target: readlinkSync(path) })
    else inodes.set(inode, { kind: 'directory', mode, entries: readEntries(path) })
    return inode
  }

  function readEntries(path: string): Map<string, InodeNumber> {
    const entries = new Map<string, InodeNumber>()
    for (const name of readdirSync(path).sort()) {
      const inode = read(join(path, name))
      if (inode !== undefined) entries.set(name, inode)
    }
    return entries
  }

  read(root)
  return inodes
}
