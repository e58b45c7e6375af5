import { quoteValue } from './fhicl-value.js'
import { blank, joinLines, splitAtColon, splitLines, trim } from './run-record-text.js'

const processNames = ['BoardReader', 'EventBuilder', 'DataLogger', 'Dispatcher', 'RoutingManager'] as const
const processFields = ['host', 'port', 'label', 'subsystem'] as const
const subsystemFields = ['id', 'source', 'destination'] as const
const blanks = new RegExp(`${blank}+`, 'g')
/** The original marks a missing field with this text, and so takes a field with this text for missing. */
const notSet = 'not set'

type Block = Map<string, string>

/** Makes boot.fcl of boot.txt: simple settings, then subsystems, then processes. */
export function convertBoot(text: string): string {
  const settings: string[] = []
  const processes = new BlockList('label')
  const subsystems = new BlockList('id')
  for (const original of splitLines(text)) {
    const line = trim(original)
    if (line.startsWith('#')) continue
    if (line === '') {
      processes.close()
      subsystems.close()
      continue
    }
    const definition = splitAtColon(line)
    if (definition === undefined) continue
    const { value } = definition
    const key = definition.key.replace(blanks, '_')
    const subsystemField = subsystemFields.find((field) => key.includes(`Subsystem_${field}`))
    const processField = subsystemField === undefined ? findProcessField(key) : undefined
    if (subsystemField !== undefined) {
      subsystems.set(subsystemField, value)
    } else if (processField !== undefined) {
      processes.set('name', processField.name)
      processes.set(processField.field, value)
    } else {
      settings.push(`${key}: ${quoteValue(value)}`)
    }
  }
  processes.close()
  subsystems.close()
  return joinLines([
    ...settings,
    ...(subsystems.all.size === 0 ? [] : blockLines('subsystem_settings', subsystems.all, subsystemLines)),
    ...blockLines('artdaq_process_settings', processes.all, processLines),
  ])
}

/**
 * Collects blocks of fields. A block is recorded when it is closed, under its identifying field, a later one with the
 * same identity in place of the earlier. Without that field it stays open and the next block adds to it.
 */
class BlockList {
  readonly all = new Map<string, Block>()
  private readonly identity: string
  private current: Block = new Map()

  constructor(identity: string) {
    this.identity = identity
  }

  set(field: string, value: string): void {
    this.current.set(field, value)
  }

  close(): void {
    const identity = this.current.get(this.identity) ?? notSet
    if (identity === notSet) return
    this.all.set(identity, this.current)
    this.current = new Map()
  }
}

function findProcessField(key: string): { readonly name: string; readonly field: string } | undefined {
  for (const name of processNames) {
    const field = processFields.find((candidate) => key.includes(`${name}_${candidate}`))
    if (field !== undefined) return { name, field }
  }
  return undefined
}

function blockLines(key: string, blocks: ReadonlyMap<string, Block>, format: (block: Block) => string[]): string[] {
  const items = Array.from(blocks.values(), (block) => ['{', ...format(block), '}'].join('\n'))
  return [`\n${key}: [`, ...(items.length === 0 ? [] : [items.join(',\n')]), ']']
}

function subsystemLines(block: Block): string[] {
  return [
    `id: "${block.get('id')}"`,
    ...optional(block, 'source', (value) => `source: "${value}"`),
    ...optional(block, 'destination', (value) => `destination: "${value}"`),
  ]
}

function processLines(block: Block): string[] {
  return [
    `name: "${block.get('name') ?? notSet}"`,
    `label: "${block.get('label')}"`,
    `host: "${block.get('host') ?? notSet}"`,
    ...optional(block, 'port', (value) => `port: ${value}`),
    ...optional(block, 'subsystem', (value) => `subsystem: "${value}"`),
  ]
}

function optional(block: Block, field: string, format: (value: string) => string): string[] {
  const value = block.get(field)
  return value === undefined || value === notSet ? [] : [format(value)]
}
