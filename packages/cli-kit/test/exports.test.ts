import { expect, test } from 'vitest'

import * as cliKit from '../src/index.js'

test('the package exports exactly these names', () => {
  expect(Object.keys(cliKit).sort()).toEqual([
    'EXIT',
    'InterruptedError',
    'OutputError',
    'SHELLS',
    'UsageError',
    'ask',
    'canAsk',
    'codeOf',
    'complete',
    'completionScript',
    'cutToWidth',
    'describeBug',
    'describeTerminal',
    'displayWidth',
    'exitCodeFor',
    'explainError',
    'harmless',
    'harmlessJson',
    'harmlessLines',
    'joinBashWords',
    'parseCommandLine',
    'parseDuration',
    'printResult',
    'readVersion',
    'renderCompletion',
    'renderExplanation',
    'runApp',
    'tell',
    'toHarmlessJson',
  ])
})
