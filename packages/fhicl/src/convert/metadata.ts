import { quotedSequence, quoteValue } from './fhicl-value.js'
import { blank, joinLines, splitAtColon, splitLines, splitWords, trim } from './run-record-text.js'

const logfileSections: ReadonlyMap<string, string> = new Map(
  ['process manager', 'boardreader', 'eventbuilder', 'routingmanager', 'datalogger', 'dispatcher'].map((kind) => [
    `${kind} logfiles`,
    `${kind.replace(' ', '_')}_logfiles`,
  ]),
)
const fixedKeys: ReadonlyMap<string, string> = new Map([
  ['pmt logfile', 'pmt_logfiles_wildcard'],
  ['process management method', 'process_management_method'],
])
const lowerCased = /^(?:Config name|DAQInterface start time|DAQInterface stop time|Total events)/
const component = /^Component #\p{Nd}+/u
const blanksAndHyphens = new RegExp(`(?:${blank}|-)+`, 'g')

/**
 * Makes metadata.fcl of metadata.txt.
 *
 * Differs from the original at the end of the file: components and log files that no blank line ends are kept,
 * which the original drops (all but those of the dispatchers).
 */
export function convertMetadata(text: string): string {
  const conversion = new MetadataConversion()
  for (const line of splitLines(text)) conversion.takeLine(line)
  return joinLines(conversion.finish())
}

class MetadataConversion {
  private readonly output: string[] = []
  private readonly components: string[] = []
  private readonly logfiles = new Map<string, string[]>()
  private section: string | undefined
  private inComponents = false

  takeLine(original: string): void {
    const line = trim(original)
    if (line.startsWith('#')) this.output.push(original)
    else if (line === '') this.closeOne()
    else if (this.section !== undefined) this.sectionFiles(this.section).push(splitWords(line)[0] ?? '')
    else this.takeDefinition(line)
  }

  finish(): readonly string[] {
    if (this.section !== undefined) {
      if (this.section === 'dispatcher_logfiles' || this.sectionFiles(this.section).length > 0) this.closeOne()
    } else if (this.inComponents) {
      this.closeOne()
    }
    return this.output
  }

  private takeDefinition(line: string): void {
    if (this.inComponents && !component.test(line)) this.closeOne()
    const definition = splitAtColon(line)
    if (definition === undefined) return
    const { key, value } = definition
    const fixedKey = fixedKeys.get(key)
    if (lowerCased.test(key)) {
      this.output.push(`${key.toLowerCase().replaceAll(' ', '_')}: ${quoteValue(value)}`)
    } else if (component.test(key)) {
      this.components.push(value)
      this.inComponents = true
    } else if (key.includes('commit/version')) {
      const name = key.replace(blanksAndHyphens, '_').replaceAll('commit/version', 'commit_or_version')
      this.output.push(`${name}: "${value.replaceAll('"', ' ')}"`)
    } else if (fixedKey !== undefined) {
      this.output.push(`${fixedKey}: ${quoteValue(value)}`)
    } else if (logfileSections.has(key)) {
      this.section = logfileSections.get(key)
    } else {
      this.output.push(`${key.replace(blanksAndHyphens, '_')}: ${quoteValue(value)}`)
    }
  }

  /** Writes the open list of log files, or else the open list of components, which grows over the file. */
  private closeOne(): void {
    if (this.section !== undefined) {
      this.output.push(`\n${this.section}: ${quotedSequence(this.sectionFiles(this.section))}`)
      this.section = undefined
    } else if (this.inComponents) {
      this.output.push(`components: ${quotedSequence(this.components)}`)
      this.inComponents = false
    }
  }

  private sectionFiles(section: string): string[] {
    const files = this.logfiles.get(section) ?? []
    this.logfiles.set(section, files)
    return files
  }
}
