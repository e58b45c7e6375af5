export { run } from './run.js'
export { resolveStatePath, type StatePathOptions } from './state-path.js'
