/** Run records in the layout that DAQInterface leaves in its record directory, made up but complete; the same number gives the same bytes. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface RunRecordOptions {
  /** Approximate size of all files together. @default 20_000 */
  readonly bytes?: number
  /** Names of the board readers, each with a `.fcl` file. @default three of them */
  readonly components?: readonly string[]
  /** @default 'physics-run-00004' */
  readonly configName?: string
  /** `false`: the run is still going on. @default true */
  readonly stopped?: boolean
}

export type RunRecordFiles = Readonly<Record<string, string>>

/** The files of one run, by name. */
export function makeRunRecord(run: number, options: RunRecordOptions = {}): RunRecordFiles {
  const components = options.components ?? ['tpc01', 'pmtbot02', 'crttop03']
  const bytesEach = Math.floor((options.bytes ?? 20_000) / (components.length + 1))
  const files: Record<string, string> = {
    'boot.txt': boot(components),
    'settings.txt': SETTINGS,
    'setup.txt':
      '#!/bin/bash\nsource /opt/products/setup\nsetup demo_daq v2_04_01 -q e26:prof\nexport TRACE_NAME="demo_$USER"\n',
    'environment.txt':
      'export DAQINTERFACE_KNOWN_BOARDREADERS_LIST=/home/daq/known_boardreaders_list\nexport DAQINTERFACE_LOGDIR=/daq/log\nexport DAQINTERFACE_PARTITION_NUMBER=2\n',
    'known_boardreaders_list.txt': `# label host port subsystem\n${components.map((name, index) => `${name} demo-${name}-daq -1 1 ${index}-15\n`).join('')}spare01 demo-spare-daq -1 1 0-3 "numactl -m 1"\n`,
    'ranks.txt': ranks(components),
    'metadata.txt': metadata(run, components, options),
  }
  for (const [index, name] of components.entries()) files[`${name}.fcl`] = component(run, index, bytesEach)
  files['EventBuilder1.fcl'] = component(run, components.length, bytesEach)
  return files
}

/** Writes a record as `<parent>/<run>/` and returns that folder. */
export function writeRunRecord(parent: string, run: number, options: RunRecordOptions = {}): string {
  const directory = join(parent, String(run))
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of Object.entries(makeRunRecord(run, options))) writeFileSync(join(directory, name), text)
  return directory
}

/** A schema.fcl that knows the files of {@link makeRunRecord}. */
export const RUN_RECORD_SCHEMA = `run_history: [{
   collection: RunHistory
   pattern: '(.*/)((tpc|pmt|crt).*)(\\.fcl$)'
}, {
   collection: RunHistory
   pattern: '(.*/)((EventBuilder|DataLogger|Dispatcher)\\d+)(\\.fcl$)'
}, {
   collection: RunHistory
   pattern: '(.*/)(metadata|boot|known_boardreaders_list|RunHistory(|2))(\\.fcl$)'
}]
system_layout: [{
   collection: SystemLayout
   pattern: '(.*)(schema)(\\.fcl$)'
}]
`

const SETTINGS = `log_directory: /daq/log
record_directory: /daq/run_records
package_hashes_to_save: [ sbndaq, sbndaq_core ]
# seconds
boardreader timeout: 180
use_messageviewer: True
max_launch_checks: 12
`

function boot(components: readonly string[]): string {
  return `DAQ setup script: /home/daq/setup_demo.sh

PMT host: demo-daq01

# verbosity, 0 to 3
debug level: 1

Subsystem id: 1
Subsystem destination: 2

EventBuilder host: demo-evb01
EventBuilder label: EventBuilder1
EventBuilder subsystem: 2

manage processes: true
disk checks: ${components.length > 2 ? 'full' : 'short'}
`
}

function ranks(components: readonly string[]): string {
  const header = `${'host'.padEnd(30)}${'port'.padEnd(10)}${'label'.padEnd(20)}${'subsystem'.padEnd(15)}${'rank'.padEnd(10)}`
  const rows = [...components, 'EventBuilder1'].map((label, rank) =>
    [
      `demo-${label}-daq`.padEnd(29),
      String(10_100 + rank).padEnd(9),
      label.padEnd(19),
      '1'.padEnd(14),
      String(rank).padEnd(9),
    ].join(' '),
  )
  return `${[header, '', ...rows].join('\n')}\n`
}

function metadata(run: number, components: readonly string[], options: RunRecordOptions): string {
  const day = new Date(Date.UTC(2026, 0, 1 + (run % 300), 8, run % 60))
  const stop = new Date(day.getTime() + 5_400_000)
  const logfiles = (kind: string, labels: readonly string[]): string =>
    `\n\n${kind} logfiles: ${labels.map((label) => `\ndemo-${label}-daq:/daq/log/${kind}/${label}-${run}.log`).join('')}`
  return `Config name: ${options.configName ?? 'physics-run-00004'}
${components.map((name, index) => `Component #${index}: ${name}\n`).join('')}DAQInterface directory: demo-daq01:/home/daq/DAQInterface
DAQInterface logfile: demo-daq01:/daq/log/DAQInterface_partition2.log

# Each line below names a package and the state of its code:
# a released version with the time of its build,
# or a commit with what was changed on top of it

DAQInterface commit/version: v3_15_00 "unknown build time" "unknown build version"

sbndaq commit/version: v2_04_01 "05-Jan-2026 09:12:44 UTC" "v2_04_01"

sbndaq_core commit/version: 4be8a1f 12 3 "fix "late" hits" "04-Jan-2026 17:01:09 UTC" develop


process management method: direct
${logfiles('process manager', ['daq01'])}${logfiles('boardreader', components)}${logfiles('eventbuilder', ['EventBuilder1'])}${logfiles('datalogger', [])}${logfiles('dispatcher', [])}${logfiles('routingmanager', [])}

DAQInterface start time: ${unixDate(day)}
${options.stopped === false ? '' : `\nDAQInterface stop time: ${unixDate(stop)}\n`}`
}

function unixDate(time: Date): string {
  const [weekday, day, month, year, clock] = time.toUTCString().replace(',', '').split(' ')
  return `${weekday} ${month} ${day} ${clock} UTC ${year}`
}

function component(run: number, board: number, bytes: number): string {
  const lines = [
    "# Produced from 'fhicl-dump' using:",
    `#   Input  : /tmp/daq/tmp.${(run * 31 + board).toString(36)}`,
    '#   Policy : cet::filepath_maker',
    '#   Path   : "FHICL_FILE_PATH"',
    '',
    'daq: {',
    '   fragment_receiver: {',
    `      board_id: ${board}`,
    '      calibration_frequency_hz: 4.27819008e9',
    `      destination_address: "10.0.${board}.${run % 250}"`,
    '      enabled: true',
    `      generator: DemoReceiver${board}`,
    '      thresholds: [',
  ]
  let size = lines.join('\n').length
  for (let state = (run * 2_654_435_761 + board * 40_503) >>> 0; size < bytes; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const line = `         ${state >>> 16},`
    lines.push(line)
    size += line.length + 1
  }
  lines.push('         0', '      ]', '   }', '}', `process_name: "board${board}"`, '')
  return lines.join('\n')
}
