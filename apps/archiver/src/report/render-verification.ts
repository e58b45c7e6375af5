import { harmless } from '@holdfast/cli-kit'
import type { ReadBack, VerifyFinding } from '../verify/verify-runs.js'
import { formatRanges, type RunRange } from './run-ranges.js'

export interface Verification extends ReadBack {
  /** What `--runs` said. */
  readonly runs?: readonly RunRange[]
  /** What `--sample` said, and of how many runs it was drawn. */
  readonly sample?: { readonly wanted: number; readonly of: number }
  /** Archived runs that were to be read back. */
  readonly chosen: number
  readonly compared: number
  /** In artdaqDB, waiting for the migration or in its failure log. */
  readonly notYetArchived: number
  /** What is wrong with the state of the migration, by which missing runs are found. */
  readonly problems: readonly string[]
}

const SHOWN = 50

/** What was compared and what is wrong, for people. */
export function renderVerification(result: Verification): string {
  const { chosen, compared, same, onlyArchived, notCompared, notYetArchived, findings, stoppedBy, problems } = result
  const lines = [
    `Verify: ${compared} of ${chosen} archived runs read back${describeChoice(result)}: ${same} the same as in artdaqDB, ${findings.length} with findings`,
  ]
  if (onlyArchived > 0) lines.push(`  ${onlyArchived} whole, but not in artdaqDB to compare with`)
  if (notCompared > 0) lines.push(`  ${notCompared} not read back`)
  if (notYetArchived > 0) lines.push(`  ${notYetArchived} of artdaqDB wait for the migration`)
  if (stoppedBy !== undefined) lines.push(`  Stopped: ${harmless(stoppedBy)}`)
  for (const problem of problems) lines.push(`  Problem: ${harmless(problem)}`)
  lines.push(...findings.slice(0, SHOWN).flatMap(describe))
  if (findings.length > SHOWN) lines.push(`  ... and ${findings.length - SHOWN} more; --json lists all`)
  return `${lines.join('\n')}\n`
}

function describeChoice({ runs, sample }: Verification): string {
  const within = runs === undefined ? '' : ` of runs ${formatRanges(runs)}`
  return sample === undefined ? within : `${within}, a random sample of ${sample.of}`
}

function describe(finding: VerifyFinding): string[] {
  const prefix = `  Run ${finding.run}:`
  switch (finding.kind) {
    case 'archive-damaged':
      return [`${prefix} damaged in the archive: ${harmless(finding.error)}`]
    case 'artdaqdb-damaged':
      return [`${prefix} damaged in artdaqDB: ${harmless(finding.error)}`]
    case 'missing':
      return [`${prefix} in artdaqDB, not in the archive, although the migration has passed it`]
    case 'differs': {
      const { changed, onlyInArchive, onlyInArtdaqdb, first } = finding
      const parts = [
        ...(changed.length === 0 ? [] : [`${changed.length} files differ (${list(changed)})`]),
        ...(onlyInArchive.length === 0 ? [] : [`only the archive has ${list(onlyInArchive)}`]),
        ...(onlyInArtdaqdb.length === 0 ? [] : [`only artdaqDB has ${list(onlyInArtdaqdb)}`]),
      ]
      const what = parts.length === 0 ? 'the files are the same, but not their order or frame' : parts.join('; ')
      const lines = [`${prefix} differs: ${what}`]
      if (first !== undefined) {
        lines.push(`    ${harmless(first.file)}, line ${first.line}`)
        lines.push(`      archived: ${harmless(first.archived)}`, `      artdaqDB: ${harmless(first.artdaqdb)}`)
      }
      return lines
    }
  }
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).map(harmless).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}
