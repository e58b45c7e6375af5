export { adler32 } from './adler32.js'
export { type BuiltRunBlob, buildRunBlob, type RunBlobInput, type RunBlobWarning } from './build-run-blob.js'
export {
  ArchiveAccessError,
  ArchiveClosedError,
  ArchiveConfigError,
  ArchiveConflictError,
  ArchiveDamagedError,
  ArchiveNotFoundError,
  ArchiveServerError,
  ArchiveUnavailableError,
  RunBlobError,
} from './errors.js'
export { isArchiveKey, runNumbersOf } from './names.js'
export { type OpenArchiveDeps, type OpenArchiveOptions, openArchive } from './open-archive.js'
export type {
  ArchiveCallOptions,
  ArchiveCheck,
  ArchivedVersion,
  ArchiveProblem,
  BodyFacts,
  PutOptions,
  PutResult,
  RunArchive,
} from './run-archive.js'
export { sameRunBlob } from './same-run-blob.js'
export { type RunBlob, type RunBlobFile, unpackRunBlob } from './unpack-run-blob.js'
export { type RunBlobValidation, type ValidateRunBlobOptions, validateRunBlob } from './validate-run-blob.js'
