import type { createLogUpdate } from 'log-update'

export type LogUpdate = ReturnType<typeof createLogUpdate>

/** Loaded only where there is a terminal: it takes longer than all the rest of the start. */
export async function openLogUpdate(stream: NodeJS.WritableStream): Promise<LogUpdate> {
  const { createLogUpdate } = await import('log-update')
  return createLogUpdate(stream)
}
