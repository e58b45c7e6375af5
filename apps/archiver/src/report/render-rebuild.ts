import type { CheckReport, RebuildReport } from '@holdfast/artdaqdb'

export function renderRebuild({ documents, skipped, setAside }: RebuildReport): string {
  return [
    `The indexes of artdaqDB were made anew from ${documents} documents`,
    ...setAside.map((path) => `  Kept: '${path}'`),
    ...skipped.map(({ path, reason }) => `  Not in any index: '${path}': ${reason}`),
    '',
  ].join('\n')
}

export function renderCheck({ documents, problems }: CheckReport): string {
  const found = problems.length === 0 ? 'no problems' : `${problems.length} problem(s)`
  return [
    `artdaqDB has ${documents} documents and ${found}`,
    ...problems.map(({ path, message }) => `  '${path}': ${message}`),
    '',
  ].join('\n')
}
