import { replaceNonAscii } from './run-record-text.js'

/** Makes setup.fcl of setup.txt: the whole script as one string, without a line end behind it. */
export function convertSetup(text: string): string {
  const escaped = replaceNonAscii(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `setup_script: "${escaped}"`
}
