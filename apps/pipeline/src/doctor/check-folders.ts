import { access, constants, stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import type { Pipeline } from '../pipeline.js'
import type { Finding } from './finding.js'

/** Where the phases work and write: the texts of the definition up to their first variable or wildcard, as far as that names a folder. */
export async function checkFolders(pipeline: Pipeline, stateFolder: string): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { id, work } of pipeline.phases) {
    if (work.kind === 'function' || work.cwd.includes('${')) continue
    const cwd = resolve(pipeline.folder, work.cwd)
    if (await isFolder(cwd)) continue
    findings.push({
      check: 'folders',
      level: 'failed',
      message: `The folder that ${id} works in is not there: '${cwd}'`,
      fix: `Make it: mkdir -p '${cwd}'`,
    })
  }
  for (const folder of await findWritten(pipeline, stateFolder)) {
    if (await isAllowed(folder, constants.W_OK | constants.X_OK)) continue
    findings.push({
      check: 'folders',
      level: 'failed',
      message: `Nothing can be written into '${folder}'`,
      fix: 'Give the user who runs this the right to write there',
    })
  }
  if (findings.length > 0) return findings
  return [{ check: 'folders', level: 'ok', message: 'All folders are there and can be written to', fix: undefined }]
}

/** Free space on every disk that is written to. */
export async function checkSpace(pipeline: Pipeline, stateFolder: string, minBytes: number): Promise<Finding[]> {
  const findings: Finding[] = []
  const seen = new Set<number>()
  for (const folder of await findWritten(pipeline, stateFolder)) {
    const { dev } = await stat(folder)
    if (seen.has(dev)) continue
    seen.add(dev)
    const { bavail, bsize, files, ffree } = await statfs(folder)
    const free = bavail * bsize
    const message = `${formatBytes(free)} free on the disk of '${folder}'`
    if (free < minBytes) {
      const fix = `Make room (${formatBytes(minBytes)} are asked for), or say --min-free`
      findings.push({ check: 'space', level: 'failed', message, fix })
    } else if (files > 0 && ffree === 0) {
      findings.push({
        check: 'space',
        level: 'failed',
        message: `No inodes left on the disk of '${folder}'`,
        fix: 'Remove files',
      })
    } else findings.push({ check: 'space', level: 'ok', message, fix: undefined })
  }
  return findings
}

/** The nearest folders that exist, of the state and of every output. */
async function findWritten({ folder, phases }: Pipeline, stateFolder: string): Promise<string[]> {
  const outputs = phases.flatMap((phase) => Object.values(phase.outputs).map(({ path }) => path))
  const places = [...outputs.map((path) => resolve(folder, dirname(`${path.split(/\$\{|[*?[{(]/)[0]}x`))), stateFolder]
  return [...new Set(await Promise.all(places.map(nearestFolder)))]
}

async function nearestFolder(path: string): Promise<string> {
  if ((await isFolder(path)) || dirname(path) === path) return path
  return nearestFolder(dirname(path))
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR' || errorCode(error) === 'EACCES') return false
    throw error
  }
}

async function isAllowed(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}

export function formatBytes(bytes: number): string {
  const power = Math.min(4, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(1024)))
  const unit = ['bytes', 'KB', 'MB', 'GB', 'TB'][power] ?? ''
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${unit}`
}
