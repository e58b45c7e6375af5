import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const roots = globSync(['packages/*', 'apps/*', 'tooling/testkit', 'tooling/torture', 'tooling/checks'], {
  cwd: import.meta.dirname,
})

// Built, as every package is before its tests run.
const FIXED_SEED = `${import.meta.dirname}/tooling/testkit/dist/fixed-seed.js`

const COMPILE_CACHE = `${import.meta.dirname}/node_modules/.cache/holdfast-compiled`

export default defineConfig({
  test: {
    // Tests wait for disks and processes more than they compute; vitest itself would leave one of two cores idle.
    maxWorkers: availableParallelism() + 1,
    projects: roots.sort().map((root) => ({
      test: {
        root,
        name: root,
        include: ['test/**/*.test.ts'],
        setupFiles: [FIXED_SEED],
        // Thousands of children are started, each of which would compile the same modules.
        env: { NODE_COMPILE_CACHE: COMPILE_CACHE },
        testTimeout: 20_000,
        // What is waited for is there as soon as it is; on a busy machine that is seldom within vitest's own second.
        expect: { poll: { timeout: 10_000 } },
      },
    })),
  },
})
