import {
  configurationNameOf,
  convertBoot,
  convertEnvironment,
  convertKnownBoardreadersList,
  convertMetadata,
  convertRanks,
  convertRunHistory,
  convertRunHistory2,
  convertSettings,
  convertSetup,
} from '@holdfast/fhicl'
import { describe, expect, test } from 'vitest'

/** Text whose lines are separated by `|`. */
function text(lines: string): string {
  return lines.replaceAll('|', '\n')
}

describe('convertMetadata()', () => {
  test.each([
    [
      'config, components, directory',
      'Config name: cosmics a|Component #0: crate1|Component #1: crate 2|DAQ-Interface  dir: h:/x|',
      'config_name: "cosmics a"|components: ["crate1", "crate 2"]|DAQ_Interface_dir: "h:/x"|',
    ],
    [
      'components end at a blank line',
      'Component #0: a||Component #1: b|x: 1|',
      'components: ["a"]|components: ["a", "b"]|x: 1|',
    ],
    ['components at the end of the file are kept', 'x: 1|Component #0: a', 'x: 1|components: ["a"]|'],
    ['versions lose their quotes', 'a-b c commit/version: v1 "t 1" "b"|', 'a_b_c_commit_or_version: "v1  t 1   b "|'],
    [
      'log files',
      'boardreader logfiles: |h:/a.log rest|h:/b.log||eventbuilder logfiles:|',
      '|boardreader_logfiles: ["h:/a.log", "h:/b.log"]|',
    ],
    [
      'an open section takes comments and any line',
      'datalogger logfiles:|# c|k: v||',
      '# c||datalogger_logfiles: ["k:"]|',
    ],
    [
      'log files at the end of the file are kept',
      'routingmanager logfiles:|h:/r.log',
      '|routingmanager_logfiles: ["h:/r.log"]|',
    ],
    ['an empty open section is dropped', 'x: 1|routingmanager logfiles: |', 'x: 1|'],
    ['but not that of the dispatchers', 'dispatcher logfiles: |', '|dispatcher_logfiles: []|'],
    [
      'process manager',
      'process manager logfiles:||pmt logfile: /p*|process management method: direct',
      '|process_manager_logfiles: []|pmt_logfiles_wildcard: "/p*"|process_management_method: "direct"|',
    ],
    [
      'times and totals',
      'Total events: 12|DAQInterface start time: Mon Jan 5|',
      'total_events: 12|daqinterface_start_time: "Mon Jan 5"|',
    ],
    ['comments stay as they are, lines without a colon go', '  # note "x" |no colon|', '  # note "x" |'],
    [
      'values in quotes or brackets stay',
      'a: "q"|b: [1, 2]|c: .|d: 1.2.3|e: say "x"|',
      'a: "q"|b: [1, 2]|c: .|d: "1.2.3"|e: "say \\"x\\""|',
    ],
    ['nothing', '', ''],
  ])('%s', (_, input, expected) => {
    expect(convertMetadata(text(input))).toBe(text(expected))
  })
})

describe('convertBoot()', () => {
  test.each([
    [
      'settings alone',
      'DAQ setup script: /s.sh|debug level: 3|',
      'DAQ_setup_script: "/s.sh"|debug_level: 3||artdaq_process_settings: [|]|',
    ],
    [
      'processes and subsystems',
      'Subsystem id: 1|Subsystem destination: 2||EventBuilder host: e1|EventBuilder label: EB1||# c|Dispatcher label: D1|Dispatcher port: 60|Dispatcher subsystem: 1|',
      '|subsystem_settings: [|{|id: "1"|destination: "2"|}|]||artdaq_process_settings: [|{|name: "EventBuilder"|label: "EB1"|host: "e1"|},|{|name: "Dispatcher"|label: "D1"|host: "not set"|port: 60|subsystem: "1"|}|]|',
    ],
    [
      'a block without its label goes on in the next',
      'DataLogger host: h||DataLogger label: L|',
      '|artdaq_process_settings: [|{|name: "DataLogger"|label: "L"|host: "h"|}|]|',
    ],
    [
      'a label again replaces in place',
      'DataLogger label: L|DataLogger host: 1||DataLogger label: M||DataLogger label: L|DataLogger host: 2|',
      '|artdaq_process_settings: [|{|name: "DataLogger"|label: "L"|host: "2"|},|{|name: "DataLogger"|label: "M"|host: "not set"|}|]|',
    ],
    [
      'other fields of a subsystem are settings',
      'Subsystem id: 1|Subsystem fragmentMode: False|',
      'Subsystem_fragmentMode: "False"||subsystem_settings: [|{|id: "1"|}|]||artdaq_process_settings: [|]|',
    ],
  ])('%s', (_, input, expected) => {
    expect(convertBoot(text(input))).toBe(text(expected))
  })
})

describe('convertSettings()', () => {
  test.each([
    ['keys', 'a b-(c)/d#.e: 1', 'a_b_c_d_e: 1|'],
    ['words', 'use x: TRUE|y: False #no|z: word|e:|', 'use_x: true|y: "False #no"|z: "word"|e: ""|'],
    ['lists', 'l: [ a-b, \'c\', "d",, ]|m: []|', 'l: [ a_b, c, d ]|m: [  ]|'],
    ['a list with words that cannot be stored', 'l: [ "x y" ]', 'l: [ x y ]|'],
    ['a list that is not closed', 'l: [ a, bc|m: [|', 'l: [ a, bc ]|m: [  ]|'],
    ['a list with a comment behind', 'l: [a] # only', 'l: [ a] # only ]|'],
    ['comments and blank lines', '# c||x|', ''],
  ])('%s', (_, input, expected) => {
    expect(convertSettings(text(input))).toBe(text(expected))
  })
})

describe('convertEnvironment()', () => {
  test.each([
    ['export A=1', 'A: "1"|'],
    ['  export\tB_2 = \'"x "y" z"\' ', 'B_2: "x \\"y\\" z"|'],
    ['export C=caf\u00e9 \u{1f600}', 'C: "caf. ."|'],
    ['export D=', 'D: ""|'],
    ['export E=a=b:c', 'E: "a=b:c"|'],
    ['export F=x\\', 'F: "x\\"|'],
    ['F=1|# export G=1|export 1H=2|exportI=3', ''],
  ])('%j', (input, expected) => {
    expect(convertEnvironment(text(input))).toBe(text(expected))
  })
})

describe('convertSetup()', () => {
  test('makes one string of the script', () => {
    expect(convertSetup('echo "a\\b"\n\tx \u00b5\n')).toBe('setup_script: "echo \\"a\\\\b\\"\\n\tx .\\n"')
    expect(convertSetup('')).toBe('setup_script: ""')
  })
})

describe('convertRanks()', () => {
  test('quotes every cell and names rows by their fifth column', () => {
    expect(
      convertRanks('host port label subsystem rank\n\n# c\n h1 10 L1 1 0 \nh2 11 L2 1\nh3\t12 L3 1 2 more\n'),
    ).toBe(
      'ranks: {\n  header: ["host", "port", "label", "subsystem", "rank"]\n  rank0: ["h1", "10", "L1", "1", "0"]\n' +
        '  rank2: ["h3", "12", "L3", "1", "2", "more"]\n}\n',
    )
  })

  test('gives nothing without a header', () => {
    expect(convertRanks('# c\n\n')).toBe('')
  })
})

describe('convertKnownBoardreadersList()', () => {
  test.each([
    ['crate1 host1 -1 1', 'crate1: ["host1", "-1", "1"]|'],
    ['crate1\thost2  -1 "/bin/env A=$A " x', 'crate1: ["host2", "-1", "/bin/env A=$A ", "x" ]|'],
    ['a b"c d"e', 'a: ["b"c d"", "e"]|'],
    ['a "b c', 'a: [""b c"]|'],
    ['alone|# a b||', ''],
  ])('%j', (input, expected) => {
    expect(convertKnownBoardreadersList(text(input))).toBe(text(expected))
  })
})

describe('convertRunHistory()', () => {
  test.each([
    [
      'Config name: a b |Component #0: x|Component #1:y|',
      12,
      'run_number: 12||config_name: "a b"||components: ["x", "y"]||',
    ],
    ['Config name: a|', undefined, 'config_name: "a"||'],
    ['Config name:|# Component #0: x|', 3, 'run_number: 3||'],
    ['', undefined, ''],
  ])('%j', (input, runNumber, expected) => {
    expect(convertRunHistory(text(input), runNumber)).toBe(text(expected))
  })
})

describe('convertRunHistory2()', () => {
  test.each([
    [
      'DAQInterface stop time: b |DAQInterface start time:   a\u00e9|',
      'DAQInterface_stop_time: "b "|DAQInterface_start_time: "a."',
    ],
    ['DAQInterface start time: a|', 'DAQInterface_start_time: "a"'],
    [' DAQInterface start time: a|DAQInterface start time:|', undefined],
    ['', undefined],
  ])('%j', (input, expected) => {
    expect(convertRunHistory2(text(input))).toBe(expected === undefined ? undefined : text(expected))
  })
})

describe('configurationNameOf()', () => {
  test.each([
    ['x: 1|Config name:  beam/low 1 |', 'beam_low 1'],
    ['Config name:a|', 'standard'],
    [undefined, 'standard'],
  ])('%j', (input, expected) => {
    expect(configurationNameOf(input === undefined ? undefined : text(input))).toBe(expected)
  })
})

test('lines end at every separator, and wide blanks are blanks', () => {
  expect(convertEnvironment('export A=1\vexport B=2\fexport C=3\u0085export D=4\u2028export E=5\x1cexport F=6')).toBe(
    'A: "1"\nB: "2"\nC: "3"\nD: "4"\nE: "5"\nF: "6"\n',
  )
  expect(convertRanks('a\u00a0b\u2003c\x1fd e')).toBe('ranks: {\n  header: ["a", "b", "c", "d", "e"]\n}\n')
})
