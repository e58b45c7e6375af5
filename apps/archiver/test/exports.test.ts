import { expect, test } from 'vitest'
import * as api from '../src/index.js'

test('the public names are', () => {
  expect(Object.keys(api).sort()).toEqual(['loadConfig', 'run'])
})
