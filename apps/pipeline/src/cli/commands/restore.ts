import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import { harmless } from '@holdfast/cli-kit'
import { diff, type JsonObject } from '@holdfast/txn-store'
import { PipelineState } from '@holdfast/txn-store/pipeline'
import { lockAllInputs } from '../../run/lock-inputs.js'
import type { CommandContext, CommandResult, DefineCommand } from '../command.js'
import { findState } from '../find-state.js'
import { OperatorError } from '../operator-error.js'
import { STATE_OPTION } from '../option-values.js'
import { shellCommand } from '../shell-command.js'

interface Given {
  readonly pipelineJson?: string
  readonly yes?: boolean
}

export const defineRestore: DefineCommand = (program, take) => {
  program
    .command('restore')
    .description('make the state what it was in a backup; what it is now is kept as a backup')
    .argument('<backup>', "the name or path of one, see 'pipeline backups'")
    .argument('[file]', 'the pipeline, or its pipeline.json (default: pipeline.json here)')
    .option(...STATE_OPTION)
    .option('-y, --yes', 'do not ask')
    .action((backup: string, file: string | undefined, given: Given) =>
      take((context) => restore(backup, file, given, context)),
    )
}

async function restore(
  name: string,
  file: string | undefined,
  { pipelineJson, yes }: Given,
  context: CommandContext,
): Promise<CommandResult> {
  const { path } = await findState(file, pipelineJson)
  const beside = join(dirname(path), '.pipeline', 'backups', basename(name))
  const backup = !name.includes('/') && existsSync(beside) ? beside : resolve(name)
  await using state = new PipelineState(path, { label: 'pipeline', maxBackups: Number.MAX_SAFE_INTEGER })
  const target = await state.readBackup(backup)
  const current = await state.read({ validate: false }).catch((error: unknown) => {
    // A damaged state is what a restore is for; its file is set aside.
    if (errorCode(error) === 'ERR_STATE_READ') return undefined
    throw error
  })
  const changes = current === undefined ? undefined : diff(current as JsonObject, target as JsonObject).length
  const what = changes === undefined ? 'the damaged state' : `${changes} ${changes === 1 ? 'change' : 'changes'}`
  const document = { state: path, from: backup, changes: changes ?? null, dryRun: context.dryRun }
  if (changes === 0 || context.dryRun) {
    const verb = changes === 0 ? 'is what it was in' : 'would be restored from'
    const text = `'${harmless(path)}' ${verb} '${harmless(backup)}'${changes === 0 ? '' : `: ${what}`}\n`
    return { text, document: { ...document, restored: false } }
  }
  if (
    changes !== undefined &&
    yes !== true &&
    !(await context.confirm(`Restore '${path}' from '${backup}', ${what}?`))
  ) {
    throw new OperatorError(`'${path}' was not restored`, { code: 'ERR_PIPELINE_DECLINED' })
  }
  await using _locks = await lockAllInputs(path)
  const { replaced } = await state.restoreBackup(backup, { signal: context.signal })
  const undo =
    replaced === undefined ? undefined : shellCommand(['pipeline', 'restore', replaced, '--pipeline-json', path])
  const text = `Restored '${harmless(path)}' from '${harmless(backup)}'\n${undo === undefined ? '' : `To undo it:\n  ${undo}\n`}`
  return { text, document: { ...document, restored: true, replaced: replaced ?? null, undo: undo ?? null } }
}
