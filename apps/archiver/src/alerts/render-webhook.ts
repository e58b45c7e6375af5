import { type Alert, type RunNote, topicOf } from './alert.js'
import { plainLine } from './plain-text.js'

const MAX_RUNS = 1_000
const MAX_NOTES = 100

/** The document that a webhook gets; its form is described in the README. */
export function renderWebhook({ id, host, time, isTest, stages }: Alert): object {
  return {
    version: 1,
    id,
    kind: isTest ? 'test' : 'alert',
    source: 'run-record-archiver',
    host: plainLine(host, 100),
    time: new Date(time).toISOString(),
    stages: stages.map((news) => ({
      stage: news.stage,
      topic: isTest ? 'test' : topicOf(news).toLowerCase(),
      failedRuns: news.failures.slice(0, MAX_RUNS).map(({ run }) => run),
      failedCount: news.failures.length,
      outstandingCount: news.outstanding,
      errors: notesOf(news.failures.filter(({ error }) => error !== undefined)),
      problems: notesOf(news.problems),
      problemCount: news.problems.length,
      past: news.past.slice(0, MAX_NOTES).map((text) => plainLine(text)),
      stopped: news.stopped === undefined ? null : plainLine(news.stopped),
      goesOn: news.goesOn,
      noFailuresLeft: news.noFailuresLeft,
    })),
  }
}

function notesOf(notes: readonly RunNote[]): object[] {
  return notes.slice(0, MAX_NOTES).map(({ run, error }) => ({ run, error: plainLine(error ?? '') }))
}
