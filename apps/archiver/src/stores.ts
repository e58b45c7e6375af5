import { openRunDatabase, type RunDatabase } from '@holdfast/artdaqdb'
import { type OpenArchiveOptions, openArchive, type RunArchive } from '@holdfast/ucondb'
import type { ArchiverConfig } from './config/archiver-config.js'
import { StoreMissingError } from './errors.js'
import type { Logger } from './log/logger.js'
import { hasRecordedProgress } from './stages/recorded-progress.js'

export interface StoresContext {
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** Opens the two stores as the configuration names them. One that is gone although runs were taken there is an error, never made anew. */
export interface Stores {
  openDatabase(access: 'read' | 'write'): Promise<RunDatabase>
  openArchive(): Promise<RunArchive>
  /** Also when its folder is missing: for looking after the archive itself. */
  openUncheckedArchive(): Promise<RunArchive>
}

export function createStores(config: ArchiverConfig, { logger, signal, now }: StoresContext): Stores {
  const openUncheckedArchive = (): Promise<RunArchive> => openArchive(archiveOptions(config), { now, logger })
  return {
    openUncheckedArchive,

    async openDatabase(access) {
      // An empty database in place of one that is not mounted would make every run look new.
      const create = !(await hasRecordedProgress(config, 'import', logger))
      const { uri, tools } = config.database
      const through = tools === undefined ? {} : { tools: { ...tools, concurrency: config.parallelWorkers } }
      return openRunDatabase({ uri, readOnly: access === 'read', create, ...through }, { logger })
    },

    async openArchive() {
      const archive = await openUncheckedArchive()
      const isEmbedded = config.archive.serverUrl.startsWith('file:')
      if (
        !isEmbedded ||
        !(await hasRecordedProgress(config, 'migrate', logger)) ||
        (await archive.check({ signal })).folderExists
      )
        return archive
      await archive.close()
      throw new StoreMissingError(archive.location, config.migrate.stateFile)
    },
  }
}

function archiveOptions({ archive }: ArchiverConfig): OpenArchiveOptions {
  const { serverUrl, folderName, objectName, timeoutMs, tls, writerUser: user, writerPassword: password } = archive
  const writer = user === undefined || password === undefined ? {} : { writer: { user, password } }
  return { serverUrl, folderName, objectName, timeoutMs, tls, ...writer }
}
