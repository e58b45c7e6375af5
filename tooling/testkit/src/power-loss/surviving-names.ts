import type { DirectoryInode, DiskModel, NameChange, NameVersion } from './disk-model.js'
import type { Random } from './random.js'
import type { Entry, InodeNumber } from './recording.js'

/**
 * Which changes of names survive when the disk syncs what it has not been asked to.
 *
 * - `ordered`: as on a file system with a journal (ext4, XFS, APFS): changes of names reach the disk one by one in their order, in all folders
 *   together. What was done before a change that is synced is on the disk as well; a rename across folders is synced by either of them.
 * - `unordered`: no more than POSIX promises: each name is, for itself, as it was at some moment since the last sync of its folder. Only a rename
 *   within one folder, or of a folder, happens to both names or to none.
 */
export type NameOrder = 'ordered' | 'unordered'

/** The names that the disk holds after the power failed. */
export interface SurvivingNames {
  readonly text: string
  lookUp(directory: DirectoryInode, number: InodeNumber, name: string): InodeNumber | undefined
}

export interface NameChoices {
  /** Whether there is anything to choose. */
  readonly areCertain: boolean
  fewest(): SurvivingNames
  all(): SurvivingNames
  random(random: Random): SurvivingNames
}

export function nameChoices(model: DiskModel, order: NameOrder): NameChoices {
  return order === 'ordered' ? orderedChoices(model) : unorderedChoices(model)
}

function orderedChoices(model: DiskModel): NameChoices {
  const unsynced = model.unsyncedNames.map(({ index }) => index).filter((index) => index > model.lastSyncedName)
  const upTo = (count: number): SurvivingNames => {
    const last = unsynced[count - 1] ?? model.lastSyncedName
    return {
      text: `${count} of ${unsynced.length} unsynced changes of names`,
      lookUp: (directory, _number, name) => versionAt(directory.names.get(name), last),
    }
  }
  return {
    areCertain: unsynced.length === 0,
    fewest: () => upTo(0),
    all: () => upTo(unsynced.length),
    random: (random) => upTo(random.below(unsynced.length + 1)),
  }
}

function unorderedChoices(model: DiskModel): NameChoices {
  const changes = model.unsyncedNames
  const atomic = changes.filter((change) => change.isAtomic)
  const floors = new Map<string, number>()
  /** For each name the moments, after that of the last sync, at which it changed. */
  const moments = new Map<string, number[]>()
  for (const { index, entries } of changes) {
    for (const entry of entries) {
      const key = keyOf(entry)
      const { syncedBefore } = model.directory(entry.directory)
      floors.set(key, syncedBefore - 1)
      const later = moments.get(key) ?? []
      moments.set(key, later)
      if (index >= syncedBefore) later.push(index)
    }
  }
  // A folder that was moved is where the sync of either of its two parents says.
  raiseTogether(floors, atomic)
  const names = (cuts: ReadonlyMap<string, number>): SurvivingNames => ({
    text: `changes of names: ${survivors(changes, cuts)}`,
    lookUp: (directory, number, name) =>
      versionAt(directory.names.get(name), cuts.get(keyOf({ directory: number, name })) ?? Number.POSITIVE_INFINITY),
  })
  return {
    areCertain: changes.length === 0,
    fewest: () => names(floors),
    all: () => names(new Map([...floors.keys()].map((key) => [key, Number.POSITIVE_INFINITY]))),
    random(random) {
      const cuts = new Map(floors)
      const kept = random.fraction()
      for (const [key, later] of moments) {
        const chosen = random.chance(kept) ? later[random.below(later.length)] : undefined
        if (chosen !== undefined) cuts.set(key, Math.max(chosen, floors.get(key) ?? -1))
      }
      if (random.chance(0.5)) raiseTogether(cuts, atomic)
      else lowerTogether(cuts, atomic, floors)
      return names(cuts)
    },
  }
}

/** Lets both names of an atomic rename survive where one does. Ends because moments only grow. */
function raiseTogether(cuts: Map<string, number>, atomic: readonly NameChange[]): void {
  alignUntilStable(cuts, atomic, (index, _last) => index)
}

/** Takes an atomic rename back for both names where it is for one; the floors, which are aligned already, are not undercut. */
function lowerTogether(
  cuts: Map<string, number>,
  atomic: readonly NameChange[],
  floors: ReadonlyMap<string, number>,
): void {
  alignUntilStable(cuts, atomic, (index, key) => Math.max(index - 1, floors.get(key) ?? -1))
}

function alignUntilStable(
  cuts: Map<string, number>,
  atomic: readonly NameChange[],
  aligned: (index: number, key: string) => number,
): void {
  for (let isStable = false; !isStable; ) {
    isStable = true
    for (const { index, entries } of atomic) {
      const keys = entries.map(keyOf)
      const survives = keys.map((key) => (cuts.get(key) ?? -1) >= index)
      if (survives.every((value) => value === survives[0])) continue
      isStable = false
      for (const [place, key] of keys.entries()) {
        const target = aligned(index, key)
        if (survives[place] !== target >= index) cuts.set(key, target)
      }
    }
  }
}

function versionAt(versions: readonly NameVersion[] | undefined, moment: number): InodeNumber | undefined {
  return versions?.findLast(({ index }) => index <= moment)?.value
}

function survivors(changes: readonly NameChange[], cuts: ReadonlyMap<string, number>): string {
  const entries = changes.flatMap((change) => change.entries.map((entry) => ({ entry, index: change.index })))
  const kept = entries.filter(({ entry, index }) => (cuts.get(keyOf(entry)) ?? -1) >= index)
  if (kept.length === entries.length) return 'all'
  if (kept.length === 0) return 'none'
  return `only ${kept.map(({ entry, index }) => `'${entry.name}' (${index + 1})`).join(', ')}`
}

function keyOf({ directory, name }: Entry): string {
  return `${directory}/${name}`
}
