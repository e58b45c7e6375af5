export type { ProcessLike } from './cli/process-like.js'
export { type RunDeps, run } from './cli/run.js'
export type { ArchiverConfig } from './config/archiver-config.js'
export { type LoadConfigOptions, type LoadedConfig, loadConfig } from './config/load-config.js'
