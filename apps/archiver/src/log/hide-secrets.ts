import type { ArchiverObserver } from '../stages/run-events.js'
import type { Redactor } from './redact.js'

/** The same observer, told everything without credentials: what went wrong is quoted from servers and files. */
export function hideSecrets(observer: ArchiverObserver, redactor: Redactor): ArchiverObserver {
  return {
    runFinished: (event) => observer.runFinished?.(redactor.redactDocument(event)),
    stageFinished: (outcome) => observer.stageFinished?.(redactor.redactDocument(outcome)),
  }
}
