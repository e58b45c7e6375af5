import { globSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const roots = globSync(['packages/*', 'apps/*', 'tooling/testkit', 'tooling/torture', 'tooling/checks'], {
  cwd: import.meta.dirname,
})

export default defineConfig({
  test: {
    projects: roots.sort().map((root) => ({
      test: { root, name: root, include: ['test/**/*.test.ts'], testTimeout: 20_000 },
    })),
  },
})
