import { ArchiveConfigError } from '../errors.js'
import type { ArchiveCallOptions } from '../run-archive.js'
import { type Place, throwIfHopeless } from './answers.js'
import type { UconDbClient } from './ucondb-client.js'

/**
 * Makes the folder; one that is there stays as it is.
 *
 * @throws ArchiveConfigError for a name that the server would put into its SQL and stumble over, or change to lower case
 */
export async function createServerFolder(
  client: UconDbClient,
  place: Place,
  { signal }: ArchiveCallOptions,
): Promise<void> {
  const { folderName } = place
  if (!/^(?:[a-z_][a-z0-9_]*\.)?[a-z_][a-z0-9_]*$/.test(folderName)) {
    throw new ArchiveConfigError(
      'folderName',
      `A UconDB server cannot make a folder '${folderName}'`,
      'Use lower-case letters, digits and _, and begin with a letter or _',
    )
  }
  const call = {
    action: 'make the folder at',
    method: 'POST',
    path: '/create_folder',
    query: { folder: folderName },
    authenticated: true,
    signal,
  } as const
  await client.call(call, (answer, message) => {
    if (answer.status === 200) return Buffer.from(answer.body).toString().trim() === 'OK' ? 'made' : undefined
    throwIfHopeless(place, call.action, answer, message)
    return undefined
  })
}
