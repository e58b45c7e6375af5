import { Argument, type Command } from 'commander'
import { SHELLS, type Shell } from './completion-script.js'

/** What may follow the words of a command line; the scripts ask for it. */
export interface CompleteRequest {
  readonly name: 'complete'
  readonly words: readonly string[]
  readonly shell: string | undefined
}

/** The script for a shell, or what it asks for. */
export type CompletionRequest = { readonly name: 'completion'; readonly shell: Shell } | CompleteRequest

/** Adds `completion <shell>` and the hidden `complete` that the scripts call. */
export function addCompletionCommands(program: Command, choose: (request: CompletionRequest) => void): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: Shell) => choose({ name: 'completion', shell }))
  program
    .command('complete', { hidden: true })
    .option('--shell <shell>')
    .argument('[words...]')
    .action((words: readonly string[], options: { readonly shell?: string }) =>
      choose({ name: 'complete', words, shell: options.shell }),
    )
}
