import { EXIT } from '../cli/exit-codes.js'
import { type DiagnoseDeps, type DiagnoseOptions, diagnose } from '../doctor/diagnose.js'
import type { Execution } from '../execution.js'
import { renderFindings } from '../report/render-findings.js'

/** What keeps the archiver from working, or may do so one day; only the first is a failure. */
export async function runDoctor(options: DiagnoseOptions, deps: DiagnoseDeps): Promise<Execution> {
  const findings = await diagnose(options, deps)
  const isSound = findings.every(({ level }) => level !== 'problem')
  return { text: renderFindings(findings), document: { findings }, exitCode: isSound ? EXIT.success : EXIT.failure }
}
