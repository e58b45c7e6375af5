export type { RecordedFileSystem } from './power-loss/file-system.js'
export {
  type PowerLossOptions,
  type PowerLossState,
  powerLossStates,
} from './power-loss/power-loss-states.js'
export { type PowerLossSweepOptions, powerLossSweep } from './power-loss/power-loss-sweep.js'
export { type FileSystemRecorder, recordFileSystem } from './power-loss/recorded-file-system.js'
export type { FolderAtStart, RecordedEvent, Recording } from './power-loss/recording.js'
