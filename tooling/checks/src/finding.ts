/** One thing a check objects to. */
export interface Finding {
  /** Stable name of the rule, such as `tier-direction`. */
  readonly rule: string
  /** Path relative to the root of the workspace, with `:line` where a line is known. */
  readonly where: string
  readonly message: string
}

export function formatFinding(finding: Finding): string {
  return `${finding.where}  ${finding.message}  [${finding.rule}]`
}
