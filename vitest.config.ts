import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*', 'tooling/testkit', 'tooling/checks'].map((root) => ({
      test: { root, name: root, include: ['test/**/*.test.ts'], testTimeout: 20_000 },
    })),
  },
})
