import { EXIT } from '@holdfast/cli-kit'
import { checkLedger } from '@holdfast/state'
import type { CommandResult, Context } from '../context.js'

export async function check(context: Context): Promise<CommandResult> {
  const { counts, problems } = await checkLedger(context.path, { lockTimeoutMs: context.lockTimeoutMs })
  const console = context.console()
  for (const { severity, code, ids, message } of problems) {
    const text = ids.length === 0 ? `${message} [${code}]` : `${ids.join(', ')}: ${message} [${code}]`
    if (severity === 'error') console.error(text)
    else console.warning(text)
  }
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const sum = `${counts.processed} processed, ${counts.failed} failed`
  if (problems.length === 0) console.success(`Nothing is wrong: ${sum}`)
  else console.info(`${sum}; ${errors} errors, ${problems.length - errors} warnings`)
  return { console, document: { counts, problems }, exitCode: errors > 0 ? EXIT.failure : EXIT.success }
}
