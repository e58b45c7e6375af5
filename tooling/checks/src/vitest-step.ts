import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from './run-command.ts'
import type { Step } from './step.ts'
import { countTests } from './vitest-report.ts'

/** Runs every test, shows vitest's own output as it comes, and counts from its report. */
export function vitestStep(): Step {
  return {
    name: 'tests',
    needsBuild: true,
    async run({ root, env, isCi, signal }) {
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-report-'))
      try {
        const file = join(folder, 'vitest.json')
        const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
        const { code, output } = await runCommand('vitest', args, { cwd: root, env, signal, live: true })
        const outcome = countTests({ report: readReport(file), exitCode: code, isCi })
        return { ...outcome, details: [outcome.details, output].filter(Boolean).join('\n') }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}

/** A report that is missing or cut short says the same: vitest did not get to its end. */
function readReport(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
