/** Where the package tells about damage and changes. `console` and the usual logging libraries fit. */
export interface StateLogger {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

/** The default: a library does not print, but damage must not be silent, so it becomes a Node process warning. */
export const processWarnings: StateLogger = {
  info() {},
  warn(message) {
    process.emitWarning(message, 'HoldfastStateWarning')
  },
  error(message) {
    process.emitWarning(message, 'HoldfastStateWarning')
  },
}
