export { type DatabaseAddress, parseDatabaseUri } from './database-uri.js'
export type { RunDatabaseDeps } from './deps.js'
export {
  DatabaseClosedError,
  DatabaseDamagedError,
  DatabaseUnavailableError,
  DatabaseUriError,
  ProviderUnavailableError,
  RunNotFoundError,
  StoredRunConflictError,
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
export { compareVersions } from './versions.js'
