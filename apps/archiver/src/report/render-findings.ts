import { harmless } from '@holdfast/cli-kit'
import type { Finding } from '../doctor/finding.js'

/** One line for everything that was looked at, with the fix below where there is something to do, and how many there are. */
export function renderFindings(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ check }) => check.length))
  const indent = ' '.repeat(width + 11)
  const lines = findings.flatMap(({ level, check, what, fix }) => [
    `${level.padEnd(7)}  ${check.padEnd(width)}  ${what.split('\n').map(harmless).join(`\n${indent}`)}`,
    ...(fix === undefined ? [] : [`${indent}fix: ${harmless(fix)}`]),
  ])
  const count = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length
  return `${lines.join('\n')}\n${count('problem')} problems, ${count('warning')} warnings\n`
}
