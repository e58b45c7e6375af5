/** What the loader and the downloader say about their files; only for messages, never for deciding what is stored. */
export interface ToolReport {
  /** Files that they say they could not load or export. */
  readonly failed: number
  readonly files: readonly string[]
}

const MAX_FILES = 20

export function readToolReport(stderr: string): ToolReport {
  const failed = /Error: Failed to (?:load|export) (\d+) file/.exec(stderr)?.[1]
  const files = [...stderr.matchAll(/^Failed loading file:.*?([^\s/"'<>]+\.fcl)/gm)].map((match) => match[1] ?? '')
  return { failed: Number(failed ?? 0), files: [...new Set(files)].slice(0, MAX_FILES) }
}
