import { harmless } from '@holdfast/cli-kit'
import { PipelineState } from '@holdfast/txn-store/pipeline'
import type { DefineCommand } from '../command.js'
import { FILE_ARGUMENT, findState } from '../find-state.js'
import { limitOption, STATE_OPTION } from '../option-values.js'
import { shorten } from '../shorten.js'

interface Given {
  readonly pipelineJson?: string
  readonly limit: number
}

export const defineHistory: DefineCommand = (program, take) => {
  program
    .command('history')
    .description('every step that was recorded, newest first: who, when, what')
    .argument(...FILE_ARGUMENT)
    .option(...STATE_OPTION)
    .addOption(limitOption(20))
    .action((file: string | undefined, { pipelineJson, limit }: Given) =>
      take(async ({ note }) => {
        const { path } = await findState(file, pipelineJson)
        await using state = new PipelineState(path)
        const records = await state.getTransactionHistory({ limit })
        if (records.length === 0) note(`Nothing is recorded for '${path}'`)
        const lines = records.map(({ timestamp, success, operation, pid, host, details }) => {
          const who = `pid ${pid}${host === undefined ? '' : ` on ${host}`}`
          const why = details?.['reason'] ?? details?.['error']
          const columns = [timestamp, success ? 'ok    ' : 'failed', operation, who, typeof why === 'string' ? why : '']
          return `${shorten(harmless(columns.filter((column) => column !== '').join('  ')), MAX_LINE_LENGTH)}\n`
        })
        return { text: lines.join(''), document: { state: path, records } }
      }),
    )
}

const MAX_LINE_LENGTH = 240
