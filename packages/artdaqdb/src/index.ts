export { type DatabaseAddress, parseDatabaseUri } from './database-uri.js'
export type { RunDatabaseDeps } from './deps.js'
export {
  DatabaseClosedError,
  DatabaseDamagedError,
  DatabaseUnavailableError,
  DatabaseUriError,
  IncompleteExportError,
  ProviderUnavailableError,
  RunNotFoundError,
  RunRefusedError,
  SiteToolsOnlyError,
  StoredRunConflictError,
  StoreVerificationError,
  ToolTimeoutError,
  UnsafeNameError,
  UnsupportedDatabaseError,
} from './errors.js'
export { type OpenRunDatabaseOptions, openRunDatabase } from './open-run-database.js'
export type {
  CheckReport,
  DatabaseLogger,
  DatabaseProblem,
  ExportedFile,
  RebuildReport,
  RunDatabase,
  RunFile,
  RunToStore,
  StoredRun,
  StoreOptions,
  StoreResult,
} from './run-database.js'
export { describeDatabaseUri, parseToolUri, type ToolAddress } from './tools/tool-address.js'
export { isRemoteHost, type ToolOptions, type ToolPrograms } from './tools/tool-options.js'
export { compareVersions } from './versions.js'
