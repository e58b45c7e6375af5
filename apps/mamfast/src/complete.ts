import {
  type Candidate,
  type CompleteRequest,
  complete,
  joinBashWords,
  type ProcessLike,
  renderCompletion,
} from '@holdfast/cli-kit'
import { openLedgerReader } from '@holdfast/state/ledger-reader'
import type { Program } from './program.js'
import { resolveStatePath } from './state-path.js'

const MOST_IDS = 1000

/** What the shell may offer next. Without a ledger there are no ids, and that is no error. */
export async function completeWords(
  proc: ProcessLike,
  program: Program,
  { words, shell }: CompleteRequest,
): Promise<string> {
  const typed = shell === 'bash' ? joinBashWords(words) : words
  const completion = await complete(program.command, typed, {
    id: (prefix) => findIds(proc, typed, prefix).catch(() => []),
  })
  return renderCompletion(completion)
}

async function findIds(proc: ProcessLike, words: readonly string[], prefix: string): Promise<readonly Candidate[]> {
  const options = { stateFile: optionOf(words, '-s', '--state-file'), config: optionOf(words, '-c', '--config') }
  const path = await resolveStatePath({ ...options, env: proc.env, currentDir: proc.cwd() })
  await using ledger = await openLedgerReader(path, { logger: SILENT })
  const { processed, failed } = await ledger.list()
  // Only what failed can be retried.
  const releases = words.includes('retry') && !words.includes('--by-infohash') ? failed : [...failed, ...processed]
  const byInfohash = words.includes('--by-infohash')
  const candidates = releases.flatMap((release): Candidate[] => {
    const value = byInfohash ? (release.map === 'processed' ? release.infohash : undefined) : release.id
    return value?.startsWith(prefix) === true ? [{ value, description: release.title }] : []
  })
  return candidates.slice(0, MOST_IDS)
}

function optionOf(words: readonly string[], short: string, long: string): string | undefined {
  for (const [index, word] of words.entries()) {
    if (word === short || word === long) return words[index + 1]
    if (word.startsWith(`${long}=`)) return word.slice(long.length + 1)
  }
  return undefined
}

const SILENT = { info() {}, warn() {}, error() {} }
