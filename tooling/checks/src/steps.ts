import { join } from 'node:path'
import { checkChangesets } from './check-changesets.ts'
import { checkDependencies } from './check-dependencies.ts'
import { checkDurability } from './check-durability.ts'
import { checkShape, findLongSources } from './check-shape.ts'
import { parsePackages } from './parsed-files.ts'
import { commandStep, findingStep, type Step } from './step.ts'
import { readTierTable } from './tier-table.ts'
import { vitestStep } from './vitest-step.ts'
import { readWorkspace } from './workspace.ts'

export interface StepOptions {
  /** Run the tests after the checks. */
  readonly tests: boolean
}

/** All steps in their order; the build comes first because types, publint and tests read its output. */
export function listSteps(root: string, options: StepOptions): readonly Step[] {
  const packages = readWorkspace(root)
  const table = readTierTable(join(root, 'tooling/checks/tiers.json'))
  const read = once(() => parsePackages(packages))
  return [
    commandStep('build', 'turbo', ['run', 'build', '--output-logs=errors-only']),
    commandStep('types of tests and tooling', 'tsc', ['-p', 'tsconfig.test.json'], { needsBuild: true }),
    commandStep('lint and format', 'biome', [
      'ci',
      '--error-on-warnings',
      '--diagnostic-level=warn',
      '--colors=off',
      '.',
    ]),
    findingStep('dependencies follow the tiers', () => checkDependencies(packages, read(), table)),
    findingStep('one package changes files', () => checkDurability(read(), table)),
    findingStep(
      'packages have the common shape',
      () => checkShape(packages, read()),
      () => findLongSources(read()),
    ),
    findingStep('changesets can be read', () => checkChangesets(root, packages)),
    ...packages
      .filter((pkg) => pkg.publishable)
      .map((pkg) =>
        commandStep(`publint ${pkg.name}`, 'publint', ['run', pkg.folder, '--strict', '--pack', 'false'], {
          needsBuild: true,
        }),
      ),
    ...(options.tests ? [vitestStep()] : []),
  ]
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
