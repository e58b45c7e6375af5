import { adler32 } from '../adler32.js'
import { ArchiveUnavailableError } from '../errors.js'
import type { BodyFacts } from '../run-archive.js'
import type { HttpAnswer } from './transport.js'
import { headerOf } from './ucondb-client.js'

/** For messages. */
export interface Place {
  readonly location: string
  readonly folderName: string
}

/**
 * Whether an answer to a read says that the version is not there; `undefined` when it says something else that may pass.
 *
 * @throws ArchiveUnavailableError as `throwIfHopeless`
 */
export function absence(place: Place, action: string, answer: HttpAnswer, message: string): 'missing' | undefined {
  if (answer.status === 404 && /version not found/i.test(message)) return 'missing'
  // How the server says that the object has no version yet.
  if (answer.status === 500 && message.includes("no attribute 'getVersion'")) return 'missing'
  throwIfHopeless(place, action, answer, message)
  return undefined
}

/** @throws ArchiveUnavailableError for an answer that no further attempt can change. */
export function throwIfHopeless(
  { location, folderName }: Place,
  action: string,
  answer: HttpAnswer,
  message: string,
): void {
  const { status } = answer
  const refuse = (problem: string, hint: string): never => {
    throw new ArchiveUnavailableError(action, location, { cause: new Error(problem), hint })
  }
  const folderIsMissing =
    (status === 404 && /folder.*not found/i.test(message)) ||
    (status === 500 && /no attribute '(?:getObject|listObjects)'/.test(message))
  if (folderIsMissing) {
    refuse(
      `there is no folder '${folderName}'`,
      "Check ucon_db.folder_name, or make it with 'archiver ucondb create-folder'",
    )
  }
  if (status === 405) refuse('the server is read-only', 'Use the address of an instance that may be written to')
  if (status >= 300 && status < 400) {
    refuse(`it redirects to another address (status ${status})`, 'Write the final address into ucon_db.server_url')
  }
}

/** The size and checksum that the headers of a download promise; a front end may have dropped them. */
export function promisedFacts(answer: HttpAnswer): BodyFacts | undefined {
  const [size, sum] = [headerOf(answer, 'x-ucondb-data-size'), headerOf(answer, 'x-ucondb-adler32')]
  return size === undefined || sum === undefined ? undefined : { size: Number(size), adler32: Number(sum) >>> 0 }
}

/**
 * Tells a body that was cut on its way, which another attempt may get whole, from one that is stored wrong: that one has all its bytes and the same
 * wrong checksum twice.
 */
export class DownloadJudge {
  #wrongSum: number | undefined

  /** @returns `undefined` for a body that should be fetched once more. */
  judge(body: Uint8Array, promised: BodyFacts): Uint8Array | { readonly damage: string } | undefined {
    const sum = adler32(body)
    if (body.length === promised.size && sum === promised.adler32) return body
    if (body.length < promised.size) return undefined
    if (this.#wrongSum === sum) {
      return {
        damage: `it has ${describeFacts({ size: body.length, adler32: sum })}, recorded ${describeFacts(promised)}`,
      }
    }
    this.#wrongSum = sum
    return undefined
  }
}

export function describeFacts({ size, adler32: sum }: BodyFacts): string {
  return `${size} bytes with Adler-32 ${sum.toString(16).padStart(8, '0')}`
}
