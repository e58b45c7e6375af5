import type { DefineCommand } from './command.js'
import { defineRun } from './commands/run.js'
import { defineValidate } from './commands/validate.js'

/** In the order in which the help lists them. */
export const COMMANDS: readonly DefineCommand[] = [defineRun, defineValidate]
