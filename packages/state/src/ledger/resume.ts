import { type ProcessedRelease, statusOf } from './entry.js'
import { RELEASE_STAGES, type ReleaseStage } from './release-status.js'

/** Where to go on with a release. */
export interface ResumePoint {
  readonly status: string
  readonly isComplete: boolean
  /** Stages that need not be done again. */
  readonly done: readonly ReleaseStage[]
  /** The first stage to be done; `undefined` when there is none. */
  readonly next: ReleaseStage | undefined
  /** The stage was done before, but what it made is missing: note it with `redo`. */
  readonly isRedo: boolean
  readonly stagingDir: string | undefined
  readonly torrentPath: string | undefined
  readonly infohash: string | undefined
}

export function resumePointOf(release: ProcessedRelease, exists: (path: string) => boolean): ResumePoint {
  const { status, stagingDir, torrentPath, infohash, checkpoints, entry } = release
  const isComplete = statusOf(entry) === 'COMPLETE'
  const isDone = (stage: ReleaseStage): boolean => {
    if (isComplete) return true
    if (checkpoints[stage] === undefined) return false
    const path = stage === 'staged' ? stagingDir : stage === 'torrent' ? torrentPath : undefined
    return path === undefined || exists(path)
  }
  const done = RELEASE_STAGES.filter(isDone)
  const next = RELEASE_STAGES.find((stage) => !isDone(stage))
  const isRedo = next !== undefined && checkpoints[next] !== undefined
  return { status, isComplete, done, next, isRedo, stagingDir, torrentPath, infohash }
}
