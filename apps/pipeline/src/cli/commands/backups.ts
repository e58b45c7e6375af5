import { stat } from 'node:fs/promises'
import { harmless } from '@holdfast/cli-kit'
import { PipelineState } from '@holdfast/txn-store/pipeline'
import type { DefineCommand } from '../command.js'
import { FILE_ARGUMENT, findState } from '../find-state.js'
import { limitOption, STATE_OPTION } from '../option-values.js'

interface Given {
  readonly pipelineJson?: string
  readonly limit: number
}

export const defineBackups: DefineCommand = (program, take) => {
  program
    .command('backups')
    .description('the states that were replaced, newest first')
    .argument(...FILE_ARGUMENT)
    .option(...STATE_OPTION)
    .addOption(limitOption(10))
    .action((file: string | undefined, { pipelineJson, limit }: Given) =>
      take(async ({ note }) => {
        const { path } = await findState(file, pipelineJson)
        await using state = new PipelineState(path)
        const paths = await state.listBackups({ limit })
        if (paths.length === 0) note(`There are no backups of '${path}'`)
        const backups = await Promise.all(paths.map(async (backup) => ({ path: backup, bytes: await sizeOf(backup) })))
        const width = Math.max(0, ...backups.map(({ bytes }) => String(bytes ?? '').length))
        const text = backups.map(
          ({ path: backup, bytes }) => `${String(bytes ?? '').padStart(width)} bytes  ${harmless(backup)}\n`,
        )
        return { text: text.join(''), document: { state: path, backups } }
      }),
    )
}

/** `null` when it was tidied away meanwhile. */
async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  )
}
