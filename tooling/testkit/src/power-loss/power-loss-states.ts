import { DiskModel } from './disk-model.js'
import { Random } from './random.js'
import type { Recording } from './recording.js'
import type { SurvivingData } from './surviving-data.js'
import { dataChoices } from './surviving-data.js'
import { type NameOrder, nameChoices, type SurvivingNames } from './surviving-names.js'
import { type SurvivingTree, survivingTree, treeKey, writeTree } from './surviving-tree.js'

export interface PowerLossOptions {
  /**
   * `ordered`: changes of names reach the disk in their order, as on file systems with a journal. `unordered`: every name for itself, which is all
   * that POSIX promises. A rename within one folder is atomic in both.
   */
  readonly mode: NameOrder
  /** Chooses the states between the extremes. @default HOLDFAST_SEED, or 1 */
  readonly seed?: number
  /** At most so many states for each moment of the failure, at least 2. @default 8 */
  readonly maxStates?: number
}

/** Files that a power failure can leave. */
export interface PowerLossState {
  /** So many operations were over when the power failed; the next one, if any, may have been going on. */
  readonly afterOperation: number
  /** What happened, for the message of a failed test. */
  readonly description: string
  /** The labels of the marks until then, in their order. */
  readonly acknowledged: readonly string[]
  /** Lays the files out, with their modes, and with hard links as hard links. @throws Error when the folder holds something. */
  writeTo(directory: string): void
}

/**
 * The states of the disk that a power failure can leave, for every moment of a recording: before the first operation, after each of them and so
 * also during the next one, whose effect may be on the disk in part before it is over.
 *
 * At each moment, first the two extremes: nothing survives but what was synced; everything does. Then, as far as there is a choice and `maxStates`
 * allows: all names without their unsynced bytes, with zeros for them, with half of the last write, and random mixtures. A state that has come up
 * before with the same acknowledgements is left out, so there are fewer where little is unsynced. It is a sample: passing does not prove a protocol.
 *
 * What a disk may do:
 * - Keep any of the writes and truncations of a file since its last sync: each whole, not at all, or its first bytes only, also with the
 *   size already grown and zeros for the rest. Closing a file changes nothing.
 * - Keep changes of names since the last sync of their folder as {@link PowerLossOptions.mode} says. A name may be there before the bytes of
 *   its file, and a renamed or linked file has under all its names what was synced for it. A rename between two folders is certain when both
 *   have been synced, with a journal (`ordered`) when one has.
 * - Keep the mode of a file since its last sync (not datasync), or not.
 *
 * What it does not do, though real ones might: keep later bytes of one write call without the earlier ones, lose or change what was synced, bring
 * back bytes of other files, fail a sync; and the rest of the file system, outside of the recorded folder, is not looked at.
 *
 * @throws RangeError when `maxStates` is not a whole number of at least 2.
 * @example
 * for (const state of powerLossStates(recording(), { mode: 'ordered' })) {
 *   state.writeTo(fresh)
 *   …
 * }
 */
export function* powerLossStates(recording: Recording, options: PowerLossOptions): Generator<PowerLossState> {
  const { mode, seed = Number(process.env['HOLDFAST_SEED'] ?? 1), maxStates = 8 } = options
  if (!Number.isSafeInteger(maxStates) || maxStates < 2)
    throw new RangeError(`maxStates must be a whole number of at least 2, not ${maxStates}`)

  const { atStart, events } = recording
  const model = new DiskModel(atStart)
  const seen = new Set<string>()
  const hashes = new WeakMap<Buffer, string>()
  const total = events.filter((event) => event.type !== 'mark').length
  let acknowledged: readonly string[] = []
  let afterOperation = 0
  let lastOperation = `before the first of ${total} operations`
  let lastMark = ''

  for (let index = 0; ; index += 1) {
    let left = maxStates
    for (const [names, data] of combinations(model, mode, new Random(`${seed} ${index}`), maxStates)) {
      const tree = survivingTree(model, names, data)
      const key = `${acknowledged.length} ${treeKey(tree, hashes)}`
      if (seen.has(key)) continue
      seen.add(key)
      const description = describe(`${lastOperation}${lastMark}`, names, data)
      yield stateOf(tree, afterOperation, description, acknowledged)
      left -= 1
      if (left === 0) break
    }
    const event = events[index]
    if (event === undefined) return
    model.apply(event, index)
    if (event.type === 'mark') {
      acknowledged = [...acknowledged, event.label]
      lastMark = ` and ${event.text}`
    } else {
      afterOperation += 1
      lastOperation = `after operation ${afterOperation} of ${total}, ${event.text}`
      lastMark = ''
    }
  }
}

// Mixtures that are tried for each one that is asked for, because many come out the same.
const ATTEMPTS = 3

function* combinations(
  model: DiskModel,
  mode: NameOrder,
  random: Random,
  maxStates: number,
): Generator<[SurvivingNames, SurvivingData]> {
  const names = nameChoices(model, mode)
  const data = dataChoices(model)
  yield [names.fewest(), data.none()]
  if (names.areCertain && data.areCertain) return
  yield [names.all(), data.all()]
  if (!data.areCertain) {
    yield [names.all(), data.none()]
    yield [names.all(), data.zeros()]
    yield [names.all(), data.torn()]
  }
  for (let attempt = 0; attempt < ATTEMPTS * maxStates; attempt += 1) yield [names.random(random), data.random(random)]
}

function describe(moment: string, names: SurvivingNames, data: SurvivingData): string {
  return [`power failed ${moment}`, names.text, data.text].filter((text) => text !== '').join('; ')
}

function stateOf(
  tree: SurvivingTree,
  afterOperation: number,
  description: string,
  acknowledged: readonly string[],
): PowerLossState {
  return { afterOperation, description, acknowledged, writeTo: (directory) => writeTree(tree, directory) }
}
