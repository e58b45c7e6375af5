/** What a phase can tell while it runs: JSON lines on the file descriptor that `PIPELINE_EVENTS_FD` names. */
import { z } from 'zod'

const messageSchema = z.union([
  z.strictObject({ progress: z.number().min(0).max(1), message: z.string().max(500).optional() }),
  z.strictObject({
    metric: z.strictObject({ name: z.string().min(1).max(100), value: z.union([z.number(), z.string().max(500)]) }),
  }),
  z.strictObject({ artifact: z.strictObject({ name: z.string().min(1).max(100), path: z.string().min(1) }) }),
])

/** `progress` is from 0 to 1; a `metric` and an `artifact` (a file beside the declared outputs) are kept in the state with the result. */
export type PhaseMessage = z.output<typeof messageSchema>

/** `undefined` for a line that is none. */
export function parsePhaseMessage(line: string): PhaseMessage | undefined {
  try {
    return messageSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
