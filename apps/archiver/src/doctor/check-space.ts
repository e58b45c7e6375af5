import { statfs } from 'node:fs/promises'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { formatBytes } from '../report/format-bytes.js'
import { foldersOf } from './check-folders.js'
import { type Finding, Findings } from './finding.js'
import { nearestExisting } from './look-at-path.js'

/** Some run records and all state files need this much; below, the next execution may fail. */
const TOO_LITTLE_BYTES = 100_000_000
const LITTLE_BYTES = 2_000_000_000
/** One run is a hundred documents and more. */
const TOO_FEW_INODES = 1_000
const FEW_INODES = 20_000

/** Room and inodes where the archiver writes. */
export async function checkSpace(config: ArchiverConfig): Promise<Finding[]> {
  const findings = new Findings('disk space')
  for (const { name, path } of foldersOf(config).filter(({ mustWrite }) => mustWrite)) {
    const at = await nearestExisting(path)
    try {
      const { bavail, bsize, files, ffree } = await statfs(at)
      const free = bavail * bsize
      const fix = `Make room on the disk of '${at}', or move the ${name} to a larger one`
      const text = `${formatBytes(free)} are free for the ${name}`
      if (free < TOO_LITTLE_BYTES) findings.problem(`Only ${text}`, fix)
      else if (free < LITTLE_BYTES) findings.warning(`Only ${text}`, fix)
      else findings.ok(text)
      // Some file systems count none.
      if (files === 0) continue
      const inodes = `${ffree} inodes are free for the ${name}`
      if (ffree < TOO_FEW_INODES) findings.problem(`Only ${inodes}`, fix)
      else if (ffree < FEW_INODES) findings.warning(`Only ${inodes}`, fix)
    } catch (error) {
      findings.error(error, `Look at the disk of '${at}'`)
    }
  }
  return findings.all
}
