import type { StateLogger } from '../../src/index.js'

/** A logger that keeps what it was told, as `level: message` lines. */
export function recordingLogger(): StateLogger & { readonly lines: string[] } {
  const lines: string[] = []
  return {
    lines,
    info: (message) => void lines.push(`info: ${message}`),
    warn: (message) => void lines.push(`warn: ${message}`),
    error: (message) => void lines.push(`error: ${message}`),
  }
}
