import { ArchiveError } from '../errors.js'

/** What an archive may become; beyond it nothing of it is kept. */
export interface UnpackLimits {
  /** Of all that is unpacked from one download, archives within it included. @default 64 GiB */
  readonly maxBytes?: number
  /** Unpacked bytes for each packed byte, once there are more than 16 MiB of them. @default 200 */
  readonly maxRatio?: number
  /** Entries of one download, archives within it included. @default 100_000 */
  readonly maxEntries?: number
  /** Archives within archives: 1 unpacks the download only, and keeps archives within it as they are. @default 1 */
  readonly maxNesting?: number
}

const RATIO_FROM_BYTES = 16 * 1024 * 1024
const GIB = 1024 ** 3

export function resolveLimits(limits: UnpackLimits = {}): Required<UnpackLimits> {
  const { maxBytes = 64 * GIB, maxRatio = 200, maxEntries = 100_000, maxNesting = 1 } = limits
  const resolved = { maxBytes, maxRatio, maxEntries, maxNesting }
  for (const [name, value] of Object.entries(resolved))
    if (!(value >= 1)) throw new RangeError(`'${name}' must be at least 1, not ${value}`)
  return resolved
}

/** Counts what is unpacked from one download. */
export class UnpackBudget {
  readonly limits: Required<UnpackLimits>
  #bytes = 0
  #entries = 0

  constructor(limits?: UnpackLimits) {
    this.limits = resolveLimits(limits)
  }

  /** @throws ArchiveError */
  takeEntries(archive: string, entries: number): void {
    this.#entries += entries
    const { maxEntries } = this.limits
    if (this.#entries > maxEntries)
      throw tooMuch(archive, 'too-many-entries', `it has more than ${maxEntries} entries`, 'maxEntries')
  }

  /** @throws ArchiveError */
  takeBytes(archive: string, bytes: number): void {
    this.#bytes += bytes
    const { maxBytes } = this.limits
    if (this.#bytes > maxBytes)
      throw tooMuch(archive, 'too-large', `it becomes more than ${maxBytes} bytes`, 'maxBytes')
  }

  /** Of one archive. @throws ArchiveError */
  checkRatio(archive: string, unpackedBytes: number, packedBytes: number): void {
    const { maxRatio } = this.limits
    if (unpackedBytes > RATIO_FROM_BYTES && unpackedBytes > packedBytes * maxRatio)
      throw tooMuch(archive, 'ratio', `it becomes more than ${maxRatio} times as large`, 'maxRatio')
  }
}

function tooMuch(
  archive: string,
  reason: 'too-large' | 'ratio' | 'too-many-entries',
  what: string,
  option: string,
): ArchiveError {
  const hint = `If that is right, raise '${option}'`
  return new ArchiveError(archive, reason, `Cannot unpack '${archive}': ${what}`, { hint })
}
