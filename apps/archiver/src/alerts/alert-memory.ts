/**
 * `${work_dir}/alerts.json`: what each channel has been told, and what is not to be forgotten before all were told. It is replaced as a whole, after each
 * answer of a channel; the holder of the archiver's lock is the only writer. The failure logs say which runs have failed; this file only says which of them
 * were told, so that a crash makes an alert come twice, never not at all. Damage is set aside as `alerts.json.corrupt-<time>`, and all is told anew.
 */

import { dirname } from 'node:path'
import { errorCode, makeDirectory, moveFile, readTextFile, writeFileAtomic } from '@holdfast/atomic-file'
import { z } from 'zod'

const runNumber = z.int().min(0)

const told = z.object({
  /** Failed runs that the channel knows of. */
  failures: z.array(runNumber).default([]),
  /** It knows of failures, and has not been told yet that none are left. */
  knowsOfFailures: z.boolean().default(false),
  /** The reason for which it knows the stage to be stopped. */
  stopped: z.string().optional(),
  /** The highest number of a problem or of something past that it was told. */
  lastProblem: z.int().min(0).default(0),
})

const problem = z.object({ number: z.int().min(1), stage: z.string(), run: runNumber, error: z.string() })

const memorySchema = z.object({
  version: z.literal(1),
  channels: z.record(
    z.string(),
    z.object({ lastSentAt: z.iso.datetime().optional(), stages: z.record(z.string(), told).default({}) }),
  ),
  /** Why runs failed that not every channel has been told of: stage, run, error. */
  errors: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  /** Problems that not every channel has been told of, ascending. */
  problems: z.array(problem).default([]),
  /** What keeps stages from going on, told or not. */
  stops: z.record(z.string(), z.object({ reason: z.string(), error: z.string(), since: z.number() })).default({}),
  /** What was over before all channels were told, ascending. */
  past: z
    .array(z.object({ number: z.int().min(1), stage: z.string(), knownBy: z.array(z.string()), text: z.string() }))
    .default([]),
  /** The highest number of a problem or of something past. */
  lastProblem: z.int().min(0).default(0),
})

export type AlertMemory = z.output<typeof memorySchema>
export type Told = z.output<typeof told>
export type ToldChannel = AlertMemory['channels'][string]

export function emptyMemory(): AlertMemory {
  return { version: 1, channels: {}, errors: {}, problems: [], stops: {}, past: [], lastProblem: 0 }
}

/** @returns what is remembered, and a warning when that was damaged and all begins anew. */
export async function readMemory(path: string, now: number): Promise<{ memory: AlertMemory; warning?: string }> {
  let reason: string
  try {
    return { memory: memorySchema.parse(JSON.parse(await readTextFile(path))) }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { memory: emptyMemory() }
    reason = error instanceof z.ZodError ? 'it does not hold what it must' : messageOf(error)
  }
  const aside = `${path}.corrupt-${new Date(now).toISOString().replaceAll(/[-:]/g, '')}`
  const where = await moveFile(path, aside).then(
    () => `It is kept as '${aside}'`,
    (error: unknown) => `It cannot be moved away either: ${messageOf(error)}`,
  )
  return {
    memory: emptyMemory(),
    warning: `'${path}' cannot be used (${reason}). ${where}; what is still wrong is told once more`,
  }
}

/** Durable on return. */
export async function writeMemory(path: string, memory: AlertMemory): Promise<void> {
  await makeDirectory(dirname(path))
  await writeFileAtomic(path, `${JSON.stringify(memory)}\n`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
