import { expect, test } from 'vitest'
import * as api from '../src/index.js'

test('the public names are', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "AttemptError",
      "DefinitionError",
      "InputError",
      "MissingProgramError",
      "RunConflictError",
      "SelectionError",
      "checkPipeline",
      "definePhase",
      "definePipeline",
      "findPhase",
      "loadPipeline",
      "run",
      "runPipeline",
      "selectPhases",
    ]
  `)
})
