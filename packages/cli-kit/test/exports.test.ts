import { expect, test } from 'vitest'

import * as cliKit from '../src/index.js'

test('the package exports exactly these names', () => {
  expect(Object.keys(cliKit).sort()).toEqual([
    'EXIT',
    'Html',
    'InterruptedError',
    'OutputError',
    'SHELLS',
    'UsageError',
    'addCompletionCommands',
    'ask',
    'canAsk',
    'codeOf',
    'complete',
    'completionScript',
    'cutToWidth',
    'describeBug',
    'describeTerminal',
    'displayWidth',
    'escapeHtml',
    'exitCodeFor',
    'explainError',
    'harmless',
    'harmlessJson',
    'harmlessLines',
    'html',
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
