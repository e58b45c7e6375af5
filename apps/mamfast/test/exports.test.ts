import { expect, test } from 'vitest'

import * as mamfast from '../src/index.js'

test('the package exports exactly these names', () => {
  expect(Object.keys(mamfast).sort()).toEqual(['resolveStatePath', 'run'])
})
