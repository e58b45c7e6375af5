import { type Html, html } from '@holdfast/cli-kit'
import type { LinkFacts, ReportStatus } from './report-facts.js'

const WORDS: Readonly<Record<ReportStatus, readonly [sign: string, word: string]>> = {
  success: ['✓', 'done'],
  failed: ['✗', 'failed'],
  interrupted: ['✗', 'interrupted'],
  partial: ['◐', 'done in part'],
  running: ['▶', 'running'],
  pending: ['○', 'to be done'],
  skipped: ['–', 'skipped'],
  unknown: ['?', 'unknown'],
}

export function statusWord(status: ReportStatus): string {
  return WORDS[status][1]
}

export function renderStatus(status: ReportStatus): Html {
  const [sign, word] = WORDS[status]
  return html`<span class="status ${status}"><span aria-hidden="true">${sign} </span>${word}</span>`
}

/** A file, linked if that can be done. */
export function renderLink({ path, href }: LinkFacts): Html {
  return href === undefined ? html`<span class="path">${path}</span>` : html`<a class="path" href="${href}">${path}</a>`
}
