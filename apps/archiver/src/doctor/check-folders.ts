import { fileURLToPath } from 'node:url'
import { parseDatabaseUri } from '@holdfast/artdaqdb'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { type Finding, Findings } from './finding.js'
import { lookAtPath, nearestExisting } from './look-at-path.js'

export interface FolderToCheck {
  readonly name: string
  readonly path: string
  readonly mustWrite: boolean
  /** The archiver makes it when it is missing. */
  readonly isMade: boolean
}

/** Every folder of this machine that the configuration leads to. */
export function foldersOf(config: ArchiverConfig): FolderToCheck[] {
  const folders: FolderToCheck[] = [
    { name: 'run records', path: config.runRecordsDir, mustWrite: false, isMade: false },
    { name: 'work folder', path: config.workDir, mustWrite: true, isMade: true },
  ]
  const database = databaseFolder(config)
  if (database !== undefined) folders.push({ name: 'artdaqDB', path: database, mustWrite: true, isMade: true })
  if (config.archive.serverUrl.startsWith('file:'))
    folders.push({ name: 'UconDB', path: fileURLToPath(config.archive.serverUrl), mustWrite: true, isMade: true })
  return folders
}

/** Of a database in files on this machine. */
export function databaseFolder({ database }: ArchiverConfig): string | undefined {
  return database.uri.startsWith('filesystemdb:') ? parseDatabaseUri(database.uri).path : undefined
}

/** Whether the folders are there and what may be done in them; `uid` is the user who asks. */
export async function checkFolders(config: ArchiverConfig, uid: number | undefined): Promise<Finding[]> {
  const findings = new Findings('folders')
  for (const folder of foldersOf(config)) await checkFolder(folder, uid, findings)
  return findings.all
}

async function checkFolder(folder: FolderToCheck, uid: number | undefined, findings: Findings): Promise<void> {
  const { name, path, mustWrite, isMade } = folder
  const view = await lookAtPath(path)
  if (view.kind === 'refused') {
    findings.problem(
      `The folder of the ${name} cannot be reached: ${view.reason}`,
      `Give the archiver's user access to '${path}'`,
    )
    return
  }
  if (view.kind === 'missing') {
    await explainMissing(folder, findings)
    return
  }
  const lacks = [
    ...(view.readable && view.searchable ? [] : ['read']),
    ...(mustWrite && !view.writable ? ['written'] : []),
  ]
  if (!view.stats.isDirectory())
    findings.problem(`'${path}' (${name}) is not a folder`, 'Mend the configuration, or move the file away')
  else if (lacks.length > 0)
    findings.problem(
      `The folder '${path}' (${name}) cannot be ${lacks.join(' or ')} by this user`,
      `It belongs to user ${view.stats.uid}; run as that user, or: chown -R ${uid ?? 'USER'} '${path}'`,
    )
  else if (isMade && uid !== undefined && view.stats.uid !== uid)
    findings.warning(
      `The folder '${path}' (${name}) belongs to user ${view.stats.uid}, and this is user ${uid}`,
      'Run the archiver, and the doctor, always as the same user: files of another one may not be writable later',
    )
  else findings.ok(`'${path}' (${name})`)
}

async function explainMissing({ name, path, isMade }: FolderToCheck, findings: Findings): Promise<void> {
  if (!isMade) {
    findings.problem(`There is no folder '${path}' (${name})`, 'Check the configuration, and that its disk is mounted')
    return
  }
  const above = await nearestExisting(path)
  const view = await lookAtPath(above)
  if (view.kind === 'there' && view.stats.isDirectory() && view.writable)
    findings.ok(`'${path}' (${name}) is made by the first execution`)
  else
    findings.problem(
      `The folder '${path}' (${name}) is missing and cannot be made in '${above}'`,
      `Make it as root and give it to the archiver's user: install -d -o USER '${path}'`,
    )
}
