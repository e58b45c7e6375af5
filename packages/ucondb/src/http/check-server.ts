import { ArchiveAccessError, ArchiveServerError, ArchiveUnavailableError } from '../errors.js'
import type { ArchiveCheck, ArchiveProblem } from '../run-archive.js'
import type { UconDbClient } from './ucondb-client.js'
import type { VersionMetadata } from './version-metadata.js'

export interface ServerCheck {
  readonly client: UconDbClient
  readonly folderName: string
  readonly versions: () => Promise<VersionMetadata[]>
  /** Sends a put that cannot store anything; `keys` are those that are taken. */
  readonly tryCredentials: (keys: readonly string[]) => Promise<void>
  readonly signal: AbortSignal | undefined
}

/** Address, database, folder, list and credentials of a server, without storing anything. */
export async function checkServer(check: ServerCheck): Promise<ArchiveCheck> {
  const problems: ArchiveProblem[] = []
  const note = (error: unknown): undefined => {
    if (![ArchiveUnavailableError, ArchiveServerError, ArchiveAccessError].some((known) => error instanceof known))
      throw error
    const { message, hint } = error as ArchiveUnavailableError
    problems.push({ message, hint: hint ?? "Look into the server's log" })
  }
  const folderExists = await isServing(check).then(
    () => hasFolder(check),
    (error: unknown) => note(error),
  )
  if (folderExists === false) {
    const message = `There is no folder '${check.folderName}' on ${check.client.baseUrl}`
    problems.push({ message, hint: "Check ucon_db.folder_name, or make it with 'archiver ucondb create-folder'" })
  }
  if (folderExists === true) {
    const versions = await check.versions().catch(note)
    if (versions !== undefined) {
      const keys = versions.flatMap(({ key }) => (key === null ? [] : [key]))
      await check.tryCredentials(keys).catch(note)
    }
  }
  return { usable: problems.length === 0, folderExists: folderExists === true, problems }
}

async function isServing({ client, signal }: ServerCheck): Promise<void> {
  await client.call({ action: 'reach', method: 'GET', path: '/version', query: {}, signal }, ({ status, body }) => {
    return status === 200 && /^\s*\d+\.\d+/.test(textOf(body)) ? 'a UconDB server' : undefined
  })
  await client.call(
    { action: 'reach the database behind', method: 'GET', path: '/probe', query: {}, signal },
    ({ status, body }) => {
      if (status !== 200) return undefined
      const answer = textOf(body).trim()
      if (answer === 'OK') return answer
      const cause = new Error(answer.slice(0, 200))
      throw new ArchiveUnavailableError('reach the database behind', client.baseUrl, {
        cause,
        hint: 'The server is up, its PostgreSQL is not; look there',
      })
    },
  )
}

async function hasFolder({ client, folderName, signal }: ServerCheck): Promise<boolean> {
  const call = { action: 'list', method: 'GET', path: '/objects', query: { folder: folderName }, signal } as const
  return client.call(call, ({ status }, message) => {
    if (status === 200) return true
    const isMissing =
      (status === 500 && message.includes("no attribute 'listObjects'")) || (status === 404 && /folder/i.test(message))
    return isMissing ? false : undefined
  })
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
}
