import { reportCommand } from '../report/report-command.js'
import type { DefineCommand } from './command.js'
import { defineBackups } from './commands/backups.js'
import { defineBatch } from './commands/batch.js'
import { defineClean } from './commands/clean.js'
import { defineDoctor } from './commands/doctor.js'
import { defineExplain } from './commands/explain.js'
import { defineGraph } from './commands/graph.js'
import { defineHistory } from './commands/history.js'
import { defineRestore } from './commands/restore.js'
import { defineRun } from './commands/run.js'
import { defineStatus } from './commands/status.js'
import { defineValidate } from './commands/validate.js'

/** In the order in which the help lists them. */
export const COMMANDS: readonly DefineCommand[] = [
  defineRun,
  defineBatch,
  defineStatus,
  defineExplain,
  defineGraph,
  reportCommand,
  defineValidate,
  defineDoctor,
  defineHistory,
  defineBackups,
  defineRestore,
  defineClean,
]
