import { explainError } from '../cli/explain-error.js'
import type { Logger } from '../log/logger.js'
import type { ArchiverObserver, RunEvent } from './run-events.js'
import type { StageOutcome } from './run-pipeline.js'

interface AllObservers {
  runFinished(event: RunEvent): Promise<void>
  stageFinished(outcome: StageOutcome): Promise<void>
}

/** One observer for all; the failure of one is no concern of the work or of the others. */
export function allOf(observers: readonly ArchiverObserver[], logger: Logger): AllObservers {
  const each = async (tell: (observer: ArchiverObserver) => void | Promise<void>): Promise<void> => {
    for (const observer of observers) {
      try {
        await tell(observer)
      } catch (error) {
        logger.warn(`The archiving goes on, but was not noted everywhere: ${explainError(error)}`)
      }
    }
  }
  return {
    runFinished: (event: RunEvent) => each((observer) => observer.runFinished?.(event)),
    stageFinished: (outcome: StageOutcome) => each((observer) => observer.stageFinished?.(outcome)),
  }
}
