import { resolve } from 'node:path'
import { convertLedger } from '@holdfast/state'
import type { CommandResult, Context } from '../context.js'
import type { ConvertRequest } from '../requests.js'
import { assertNotOfLedger } from './not-of-ledger.js'

export async function convert(context: Context, request: ConvertRequest): Promise<CommandResult> {
  const { dryRun, lockTimeoutMs, logger } = context
  const target = resolve(context.currentDir, request.target)
  assertNotOfLedger(target, context.path, 'convert')
  const { to, overwrite } = request
  const result = await convertLedger(context.path, target, { to, overwrite, dryRun, lockTimeoutMs, logger })
  const what = `${result.processed} processed and ${result.failed} failed entries from ${result.from} to ${result.to}: ${target}`
  const console = context.console()
  if (dryRun) console.warning(`Would convert ${what} (dry-run)`)
  else
    console
      .success(`Converted ${what}`)
      .info(`The old ledger is unchanged; programs use the new one when they are told its path`)
  return { console, document: { dryRun, target, ...result } }
}
