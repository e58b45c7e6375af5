import { complete, joinBashWords, renderCompletion } from '@holdfast/cli-kit'
import type { Command } from 'commander'
import { findConfigs } from '../config/load-config.js'
import type { Context } from './context.js'

/** What may come next on a command line; a mistake in it completes to nothing. */
export async function completeWords(
  context: Context,
  program: Command,
  { words, shell }: { readonly words: readonly string[]; readonly shell: string | undefined },
): Promise<string> {
  const names = async (): Promise<{ value: string }[]> =>
    (await findConfigs(context.place).catch(() => [])).map(({ name }) => ({ value: name }))
  return renderCompletion(await complete(program, shell === 'bash' ? joinBashWords(words) : words, { name: names }))
}
