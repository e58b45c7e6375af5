import { resolve } from 'node:path'
import { harmless } from '@holdfast/cli-kit'
import { EXIT } from '../cli/exit-codes.js'
import type { Execution } from '../execution.js'
import { formatBytes } from '../report/format-bytes.js'
import { type ExtractedRun, extractBlob } from '../runs/extract-run.js'
import type { CommandContext } from './command.js'

/** Unpacks what the archive holds of a run; the archive checks every sum it has before. */
export async function extractRun(
  { run, output }: { readonly run: number; readonly output: string },
  { stores, signal, currentDir, dryRun }: CommandContext,
): Promise<Execution> {
  await using archive = await stores.openArchive()
  const blob = await archive.get(String(run), { signal })
  const extracted = await extractBlob({ run, blob, folder: resolve(currentDir, output), dryRun })
  return { text: render(extracted), document: extracted, exitCode: EXIT.success }
}

function render({ run, folder, packedOn, files, written }: ExtractedRun): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const verb = written ? 'Written' : 'Would write'
  return [
    `${verb}: run ${run}, packed on ${harmless(packedOn)}, ${files.length} files, ${formatBytes(bytes)}, to ${harmless(folder)}`,
    ...files.map((file) => `  ${harmless(file.name)} (${file.bytes} bytes)`),
    '',
  ].join('\n')
}
