import { quotedSequence } from './fhicl-value.js'
import { blank, joinLines, replaceNonAscii, splitLines, trim } from './run-record-text.js'

const configName = new RegExp(`^Config name:${blank}*(.+)`)
const configNameLine = new RegExp(`^Config name:${blank}+(.*)`)
const component = new RegExp(`^Component #\\p{Nd}+:${blank}*(.+)`, 'u')
const runTime = new RegExp(`^DAQInterface (start|stop) time:${blank}+(.*)`)

/** Makes RunHistory.fcl of metadata.txt and the run number; what is not known is left out. */
export function convertRunHistory(metadata: string, runNumber?: number): string {
  let name = ''
  const components: string[] = []
  for (const original of splitLines(metadata)) {
    const line = trim(original)
    if (line.startsWith('#')) continue
    const nameMatch = configName.exec(line)
    const componentMatch = nameMatch === null ? component.exec(line) : null
    if (nameMatch?.[1] !== undefined) name = trim(nameMatch[1])
    else if (componentMatch?.[1] !== undefined) components.push(trim(componentMatch[1]))
  }
  const lines: string[] = []
  if (runNumber !== undefined) lines.push(`run_number: ${runNumber}`, '')
  if (name !== '') lines.push(`config_name: "${name}"`, '')
  if (components.length > 0) lines.push(`components: ${quotedSequence(components)}`, '')
  return joinLines(lines)
}

/**
 * Makes RunHistory2.fcl of metadata.txt: start and stop time of the run in the order of the file, without a line end
 * behind the last. Undefined when the file has neither.
 */
export function convertRunHistory2(metadata: string): string | undefined {
  const lines: string[] = []
  for (const line of splitLines(metadata)) {
    const match = runTime.exec(line)
    if (match !== null) lines.push(`DAQInterface_${match[1]}_time: "${match[2]}"`)
  }
  return lines.length === 0 ? undefined : replaceNonAscii(lines.join('\n'))
}

/**
 * The name under which the run's files are stored: `Config name` of metadata.txt with `/` as `_`, or `standard`.
 */
export function configurationNameOf(metadata: string | undefined): string {
  for (const line of splitLines(metadata ?? '')) {
    const name = trim(configNameLine.exec(line)?.[1] ?? '')
    if (name !== '') return name.replaceAll('/', '_')
  }
  return 'standard'
}
