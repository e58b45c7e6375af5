export { type Child, type ChildExit, type ChildMessage, type ChildOptions, startChild } from './child.js'
export { type Crash, type CrashSweepOptions, crashSweep } from './crash.js'
export { useTempDir } from './temp-dir.js'
export { fillDisk, mountTinyFileSystem } from './tiny-file-system.js'
