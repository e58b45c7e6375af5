export { type AppendFile, openAppendFile } from './append-file.js'
export { directFileSystem } from './direct-file-system.js'
export { DirectorySyncs } from './directory-syncs.js'
export type { DraftFile } from './draft-file.js'
export { AtomicFileError, errorCode, InvalidUtf8Error, NotARegularFileError } from './errors.js'
export type { AtomicFileDeps, FileSystem, OpenFile } from './file-system.js'
export { type FolderDraft, type FolderDraftOptions, openFolderDraft } from './folder-draft.js'
export { type KeepBackupOptions, keepBackup } from './keep-backup.js'
export { type MakeDirectoryOptions, makeDirectory } from './make-directory.js'
export { moveFile, type RemoveFileOptions, removeFile } from './move-file.js'
export { decodeUtf8, readTextFile } from './read-text-file.js'
export { type RemoveFolderOptions, removeFolder } from './remove-folder.js'
export { type SweepDeps, type SweepOptions, sweepLeftovers } from './sweep-leftovers.js'
export { syncDirectory } from './sync-directory.js'
export {
  type FileToWrite,
  type WriteFileAtomicOptions,
  type WriteFilesAtomicOptions,
  writeFileAtomic,
  writeFilesAtomic,
} from './write-file-atomic.js'
