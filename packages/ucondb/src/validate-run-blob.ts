import { RunBlobError } from './errors.js'
import { type RunBlob, unpackRunBlob } from './unpack-run-blob.js'

export interface ValidateRunBlobOptions {
  /** The run that the blob must be about. @default any */
  readonly runNumber?: number
}

export interface RunBlobValidation {
  readonly valid: boolean
  /** All that is wrong; empty when valid. */
  readonly problems: readonly string[]
}

const REQUIRED_KEYS = ['components', 'config_name', 'sbndaq_commit_or_version']

/**
 * Checks that a run blob is whole and that its metadata.fcl gives each of `components`, `config_name` and `sbndaq_commit_or_version` exactly once,
 * at the beginning of a line. Does not throw.
 *
 * @example const { valid, problems } = validateRunBlob(await archive.get('18255'), { runNumber: 18255 })
 */
export function validateRunBlob(blob: Uint8Array, options: ValidateRunBlobOptions = {}): RunBlobValidation {
  let unpacked: RunBlob
  try {
    unpacked = unpackRunBlob(blob)
  } catch (error) {
    if (!(error instanceof RunBlobError)) throw error
    return { valid: false, problems: error.problems }
  }
  const problems: string[] = []
  if (options.runNumber !== undefined && options.runNumber !== unpacked.runNumber) {
    problems.push(`it is about run ${unpacked.runNumber}, expected run ${options.runNumber}`)
  }
  const [metadata, ...others] = unpacked.files.filter((file) => file.name.toLowerCase() === 'metadata.fcl')
  if (metadata === undefined) problems.push('it has no metadata.fcl')
  else if (others.length > 0) problems.push(`it has ${others.length + 1} files metadata.fcl`)
  else problems.push(...missingKeys(Buffer.from(metadata.content).toString('latin1')))
  return { valid: problems.length === 0, problems }
}

function missingKeys(text: string): string[] {
  return REQUIRED_KEYS.flatMap((key) => {
    const count = [...text.matchAll(new RegExp(`^[ \\t]*${key}: `, 'gm'))].length
    return count === 1 ? [] : [`its metadata.fcl gives '${key}' ${count} times, expected once`]
  })
}
