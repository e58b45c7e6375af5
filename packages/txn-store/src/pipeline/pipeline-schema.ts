import { z } from 'zod'
import {
  findPhaseNames,
  isRecord,
  PIPELINE_STATUS_SYNONYMS,
  PIPELINE_STATUSES,
  PIPELINE_VERSION,
  type PipelineBatchRun,
  type PipelineChunk,
  type PipelineChunks,
  type PipelineDocument,
  type PipelineErrorEntry,
  type PipelineFileEntry,
  type PipelinePhase,
  type RecordedStatus,
} from './pipeline-document.js'

const text = z.string().nullish()
const table = z.record(z.string(), z.unknown()).nullish()
const instant = z
  .union([z.number(), z.string()], { error: 'Invalid input: expected a number of seconds or an ISO-8601 text' })
  .nullish()

const status: z.ZodType<RecordedStatus> = z.enum([...PIPELINE_STATUSES, ...PIPELINE_STATUS_SYNONYMS])

const errorEntry = z.looseObject({
  type: text,
  message: text,
  timestamp: instant,
  file_id: text,
  chunk_id: z.union([z.string(), z.number()]).nullish(),
})

const item = {
  status: status.nullish(),
  timestamps: z.looseObject({ start: instant, end: instant, duration: z.number().nullish() }).nullish(),
  artifacts: z
    .custom<Record<string, unknown> | unknown[]>((value) => typeof value === 'object' && value !== null, {
      error: 'Invalid input: expected an object or an array',
    })
    .nullish(),
  metrics: table,
  errors: z
    .array(
      eitherOf<string | PipelineErrorEntry>('a text or an object', (value) => {
        if (typeof value === 'string') return z.string()
        return isRecord(value) ? errorEntry : undefined
      }),
    )
    .nullish(),
  attempts: z.int().min(0).nullish(),
  owner: z.looseObject({ pid: z.int().min(1).nullish(), host: text, started: instant }).nullish(),
  reason: text,
  exit_code: z.int().nullish(),
  signal: text,
}

const chunk: z.ZodType<PipelineChunk> = z.looseObject({
  ...item,
  chunk_id: z.union([z.string(), z.number()], { error: 'Invalid input: expected a text or a number' }).nullish(),
})

const chunkList = z.array(
  eitherOf<PipelineChunk | string>('an object or a text', (value) => {
    if (typeof value === 'string') return z.string()
    return isRecord(value) ? chunk : undefined
  }),
)

const chunks = eitherOf<PipelineChunks>('an array or an object', (value) => {
  if (Array.isArray(value)) return chunkList
  return isRecord(value) ? z.record(z.string(), chunk) : undefined
}).nullish()

const fileEntry: z.ZodType<PipelineFileEntry> = z.looseObject({ ...item, chunks })
const files = z.record(z.string(), fileEntry).nullish()
const phase: z.ZodType<PipelinePhase> = z.looseObject({ ...item, files, chunks, hashes: z.array(z.string()).nullish() })
const batchRun: z.ZodType<PipelineBatchRun> = z.looseObject({ ...item, run_id: text, files })

const header = z.looseObject({
  pipeline_version: z
    .string()
    .refine((version) => majorOf(version) <= majorOf(PIPELINE_VERSION), {
      error: ({ input }) =>
        `The document has the form ${String(input)}, which is newer than ${PIPELINE_VERSION}; use a newer program`,
    })
    .nullish(),
  created_at: text,
  last_updated: text,
  file_id: text,
  input_file: text,
  tts_profile: text,
  tts_voice: text,
  voice_overrides: z.record(z.string(), z.string().nullable()).nullish(),
  phases: z.record(z.string(), status).nullish(),
  batch_runs: z.array(batchRun).nullish(),
})

/**
 * The form of a pipeline's document, as a Standard Schema. Checks what all phases have in common (states, times, errors, files, chunks) and where it is,
 * and names every place that is wrong; what single phases keep besides is theirs. It changes nothing.
 */
export const pipelineSchema: z.ZodType<PipelineDocument> = z
  .custom<PipelineDocument>()
  .superRefine((document, context) => {
    report(header, document, [], context)
    if (!isRecord(document)) return
    for (const name of findPhaseNames(document)) report(phase.nullish(), document[name], [name], context)
  })

/** One of several forms, told by what the value is, so that the problems inside are told with their places; a union would tell only its own. */
function eitherOf<T>(expected: string, choose: (value: unknown) => z.ZodType | undefined): z.ZodType<T> {
  return z.custom<T>().superRefine((value, context) => {
    const schema = choose(value)
    if (schema === undefined) {
      context.addIssue({ code: 'custom', message: `Invalid input: expected ${expected}, received ${kindOf(value)}` })
    } else {
      report(schema, value, [], context)
    }
  })
}

function report(schema: z.ZodType, value: unknown, path: PropertyKey[], context: z.core.$RefinementCtx): void {
  for (const issue of schema.safeParse(value).error?.issues ?? []) {
    context.addIssue({ code: 'custom', message: issue.message, path: [...path, ...issue.path] })
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10) || 0
}
