import { EXIT } from '../cli/exit-codes.js'
import type { Execution } from '../execution.js'
import { renderArchiveCheck } from '../report/render-archive-check.js'
import type { CommandContext } from './command.js'

/** Whether address, folder and credentials are right. */
export async function checkArchive({ stores, signal }: CommandContext): Promise<Execution> {
  await using archive = await stores.openUncheckedArchive()
  const document = { location: archive.location, ...(await archive.check({ signal })) }
  return { text: renderArchiveCheck(document), document, exitCode: document.usable ? EXIT.success : EXIT.failure }
}

/** Makes the folder of the archive; one that exists is left as it is. In a dry run it only looks. */
export async function createArchiveFolder(context: CommandContext): Promise<Execution> {
  if (context.dryRun) return checkArchive(context)
  await using archive = await context.stores.openUncheckedArchive()
  const { location } = archive
  await archive.createFolder({ signal: context.signal })
  return { text: `The folder is there: ${location}\n`, document: { location }, exitCode: EXIT.success }
}
