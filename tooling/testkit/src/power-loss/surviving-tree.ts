import { createHash } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DiskModel } from './disk-model.js'
import { type InodeNumber, ROOT } from './recording.js'
import type { SurvivingData } from './surviving-data.js'
import type { SurvivingNames } from './surviving-names.js'

type Node =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly bytes: Buffer }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  /** A further name of a file that stands before it in the list. */
  | { readonly kind: 'link'; readonly path: string; readonly to: string }

/** All that can be reached from the folder, parents before what they hold. */
export type SurvivingTree = readonly Node[]

export function survivingTree(model: DiskModel, names: SurvivingNames, data: SurvivingData): SurvivingTree {
  const nodes: Node[] = []
  const firstPath = new Map<InodeNumber, string>()

  function visit(directoryNumber: InodeNumber, parent: string): void {
    const directory = model.directory(directoryNumber)
    for (const name of [...directory.names.keys()].sort()) {
      const number = names.lookUp(directory, directoryNumber, name)
      const inode = number === undefined ? undefined : model.inodes.get(number)
      if (number === undefined || inode === undefined) continue
      const path = parent === '' ? name : `${parent}/${name}`
      const to = firstPath.get(number)
      firstPath.set(number, path)
      if (inode.kind === 'directory') {
        nodes.push({ kind: 'directory', path, mode: inode.mode })
        visit(number, path)
      } else if (to !== undefined) nodes.push({ kind: 'link', path, to })
      else if (inode.kind === 'symlink') nodes.push({ kind: 'symlink', path, target: inode.target })
      else {
        const { bytes, mode } = data.files.get(number) ?? { bytes: inode.durable, mode: inode.durableMode }
        nodes.push({ kind: 'file', path, mode, bytes })
      }
    }
  }

  visit(ROOT, '')
  return nodes
}

/** The same text for the same files, whatever led to them. */
export function treeKey(tree: SurvivingTree, hashes: WeakMap<Buffer, string>): string {
  const text = tree.map((node) => (node.kind === 'file' ? [node.path, node.mode, hashOf(node.bytes, hashes)] : node))
  return createHash('sha1').update(JSON.stringify(text)).digest('base64')
}

function hashOf(bytes: Buffer, hashes: WeakMap<Buffer, string>): string {
  const known = hashes.get(bytes)
  if (known !== undefined) return known
  const hash = createHash('sha1').update(bytes).digest('base64')
  hashes.set(bytes, hash)
  return hash
}

export function writeTree(tree: SurvivingTree, directory: string): void {
  mkdirSync(directory, { recursive: true })
  if (readdirSync(directory).length > 0) throw new Error(`Cannot lay out files in '${directory}': it is not empty`)
  for (const node of tree) {
    const path = join(directory, node.path)
    if (node.kind === 'file') writeWithMode(path, node.bytes, node.mode)
    else if (node.kind === 'directory') mkdirSync(path, { mode: 0o700 })
    else if (node.kind === 'symlink') symlinkSync(node.target, path)
    else linkSync(join(directory, node.to), path)
  }
  // A folder may forbid to write into it.
  for (const node of tree.toReversed()) if (node.kind === 'directory') chmodSync(join(directory, node.path), node.mode)
}

function writeWithMode(path: string, bytes: Buffer, mode: number): void {
  writeFileSync(path, bytes, { flag: 'wx', mode })
  // The umask may have taken something away.
  if ((mode & ~0o700) !== 0) chmodSync(path, mode)
}
