import { dirname } from 'node:path'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { type Finding, Findings } from './finding.js'
import { lookAtPath, nearestExisting } from './look-at-path.js'

const WRITABLE_BY_ALL = 0o002

/** Permissions of the files that executions write; the log file, too. A file that is missing is made by them. */
export async function checkFiles(config: ArchiverConfig, uid: number | undefined): Promise<Finding[]> {
  const findings = new Findings('files')
  const files = [
    ...[config.import, config.migrate].flatMap(({ stateFile, failureLog }) => [stateFile, failureLog]),
    config.lockFile,
    config.historyFile,
    ...(config.logFile === undefined ? [] : [config.logFile]),
  ]
  for (const path of files) await checkFile(path, uid, findings)
  return findings.all
}

async function checkFile(path: string, uid: number | undefined, findings: Findings): Promise<void> {
  const view = await lookAtPath(path)
  if (view.kind === 'missing') {
    const above = await nearestExisting(dirname(path))
    const parent = await lookAtPath(above)
    if (parent.kind === 'there' && parent.writable && parent.stats.isDirectory())
      findings.ok(`'${path}' is not there yet`)
    else
      findings.problem(`'${path}' is not there and cannot be made in '${above}'`, `Let this user write in '${above}'`)
  } else if (view.kind === 'refused')
    findings.problem(`'${path}' cannot be reached: ${view.reason}`, 'Mend its permissions')
  else if (!view.stats.isFile()) findings.problem(`'${path}' is not a regular file`, 'Move it away')
  else if (!view.readable || !view.writable)
    findings.problem(
      `'${path}' cannot be read and written by this user; it belongs to user ${view.stats.uid}`,
      `chown ${uid ?? 'USER'} '${path}' && chmod u+rw '${path}'`,
    )
  else if (uid !== undefined && view.stats.uid !== uid)
    findings.warning(
      `'${path}' belongs to user ${view.stats.uid}, and this is user ${uid}`,
      `Run always as the same user, or: chown ${uid} '${path}'`,
    )
  else if ((view.stats.mode & WRITABLE_BY_ALL) !== 0)
    findings.warning(`Everybody may write to '${path}'`, `chmod o-w '${path}'`)
  else findings.ok(`'${path}'`)
}
