import { errorCode } from '@holdfast/atomic-file'
import { FileLock, LockExistsError } from '@holdfast/lock'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { type Finding, Findings } from './finding.js'
import { lookAtPath } from './look-at-path.js'

/**
 * Whether an archiver is at work, and whether the disk of the lock file has flock(2). Takes the lock together with other readers for an instant, which
 * writes nothing; a file that is not there is not made.
 */
export async function checkLock({ lockFile }: ArchiverConfig): Promise<Finding[]> {
  const findings = new Findings('lock')
  if ((await lookAtPath(lockFile)).kind === 'missing')
    return findings.ok(`Nobody holds '${lockFile}'; the first execution makes it`).all
  try {
    const lock = await FileLock.acquire(lockFile, { shared: true })
    await lock.release()
    const { previous } = lock
    if (previous === undefined) return findings.ok(`Nobody holds '${lockFile}'`).all
    return findings.warning(
      `The last archiver (process ${previous.pid} on ${previous.host}, started ${previous.since}) was killed; nobody holds '${lockFile}' now`,
      'Nothing: the next execution goes on from what was recorded. Never remove a lock file',
    ).all
  } catch (error) {
    if (error instanceof LockExistsError) {
      const { holder } = error
      const who = holder === undefined ? 'somebody' : describeHolder(holder)
      return findings.ok(`An archiver is at work: '${lockFile}' is held by ${who}`).all
    }
    if (errorCode(error) === 'ERR_LOCK_UNSUPPORTED')
      return findings.error(error, 'Put app.lock_file on a local disk').all
    return findings.error(error, `Let this user read and write '${lockFile}'`).all
  }
}

function describeHolder({
  pid,
  host,
  since,
}: {
  pid: number
  host: string | undefined
  since: string | undefined
}): string {
  return `process ${pid}${host === undefined ? '' : ` on ${host}`}${since === undefined ? '' : ` since ${since}`}`
}
