import { applySurviving, type DataChange, LOST, type Survival, WHOLE } from './data-change.js'
import type { DiskModel, FileInode } from './disk-model.js'
import type { Random } from './random.js'
import type { InodeNumber } from './recording.js'

/** What the disk holds of the files that have unsynced changes; of all others it holds what was synced. */
export interface SurvivingData {
  readonly text: string
  readonly files: ReadonlyMap<InodeNumber, FileContent>
}

export interface FileContent {
  readonly bytes: Buffer
  readonly mode: number
}

export interface DataChoices {
  readonly areCertain: boolean
  none(): SurvivingData
  all(): SurvivingData
  /** The sizes are those after all writes, the bytes are not there: what delayed allocation leaves. */
  zeros(): SurvivingData
  /** All but the last change of each file, and half of that. */
  torn(): SurvivingData
  random(random: Random): SurvivingData
}

type Choose = (changes: readonly DataChange[]) => readonly Survival[]

export function dataChoices(model: DiskModel): DataChoices {
  const uncertain = model.unsyncedFiles
  const survive = (choose: Choose, modeOf: (inode: FileInode) => number): SurvivingData => {
    const files = new Map<InodeNumber, FileContent>()
    const texts: string[] = []
    for (const [number, inode] of uncertain) {
      const changes = inode.unsynced.map(({ value }) => value)
      const survivals = choose(changes)
      files.set(number, { bytes: contentAfter(inode.durable, changes, survivals), mode: modeOf(inode) })
      if (changes.length > 0)
        texts.push(`'${inode.label}' ${changes.map((change, i) => textOf(change, survivals[i] ?? LOST)).join(', ')}`)
    }
    return { text: texts.join('; '), files }
  }
  return {
    areCertain: uncertain.size === 0,
    none: () => survive((changes) => changes.map(() => LOST), oldMode),
    all: () => survive((changes) => changes.map(() => WHOLE), newMode),
    zeros: () => survive((changes) => changes.map(grownOnly), newMode),
    torn: () => survive(halfOfLast, newMode),
    random: (random) =>
      survive(
        (changes) => randomSurvivals(changes, random),
        (inode) => randomMode(inode, random),
      ),
  }
}

function contentAfter(durable: Buffer, changes: readonly DataChange[], survivals: readonly Survival[]): Buffer {
  return changes.reduce((content, change, i) => applySurviving(content, change, survivals[i] ?? LOST), durable)
}

function grownOnly(change: DataChange): Survival {
  return change.type === 'write' ? { bytes: 0, grown: true } : WHOLE
}

function halfOfLast(changes: readonly DataChange[]): Survival[] {
  return changes.map((change, i) =>
    i < changes.length - 1 || change.type === 'truncate'
      ? WHOLE
      : { bytes: Math.floor(change.bytes.length / 2), grown: false },
  )
}

function randomSurvivals(changes: readonly DataChange[], random: Random): Survival[] {
  // Either in their order with a torn end, as for a file that grows, or each for itself, as blocks of a disk are written.
  if (random.chance(0.5)) {
    const whole = random.below(changes.length + 1)
    return changes.map((change, i) => (i < whole ? WHOLE : i === whole ? randomPart(change, random) : LOST))
  }
  return changes.map((change) => [WHOLE, LOST, randomPart(change, random)][random.below(3)] ?? LOST)
}

function randomPart(change: DataChange, random: Random): Survival {
  if (change.type === 'truncate') return random.chance(0.5) ? WHOLE : LOST
  return { bytes: random.below(change.bytes.length + 1), grown: random.chance(0.5) }
}

function oldMode(inode: FileInode): number {
  return inode.durableMode
}

function newMode(inode: FileInode): number {
  return inode.unsyncedModes.at(-1)?.value ?? inode.durableMode
}

function randomMode(inode: FileInode, random: Random): number {
  const modes = [inode.durableMode, ...inode.unsyncedModes.map(({ value }) => value)]
  return modes[random.below(modes.length)] ?? inode.durableMode
}

function textOf(change: DataChange, { bytes, grown }: Survival): string {
  if (change.type === 'truncate') return bytes === 0 ? 'not truncated' : `truncated to ${change.size}`
  const size = change.bytes.length
  if (bytes >= size) return `all of ${size} bytes`
  return `${bytes}${grown ? ' and then zeros' : ''} of ${size} bytes`
}
