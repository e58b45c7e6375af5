import { parseDuration } from '@holdfast/cli-kit'
import { z } from 'zod'

/** What a YAML file or `definePipeline` may hold. Texts that take variables are checked when those are known. */

const id = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'must begin with a letter and hold only letters, digits and underscores')
  .max(64)
const paramValue = z.union([z.string(), z.number(), z.boolean()])
const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0 && ms <= MAX_MS) return ms
  if (ms !== undefined && ms > MAX_MS) {
    context.addIssue({ code: 'custom', message: `must be 24 days at most, not '${text}'` })
    return z.NEVER
  }
  context.addIssue({ code: 'custom', message: `must be a time such as '90s', '30m' or '2h', not '${text}'` })
  return z.NEVER
})
/** No timer can wait for longer than 2^31 ms. */
const MAX_MS = 24 * 24 * 3600 * 1000
const slots = z.union([
  z.array(id).transform((names) => Object.fromEntries(names.map((name) => [name, 1] as const))),
  z.record(id, z.int().positive()),
])
const argv = z.array(z.coerce.string()).min(1, 'must name a program')

const output = z.union([
  z
    .string()
    .min(1)
    .transform((path) => ({ path, minBytes: 1, mayBeOld: false })),
  z.strictObject({
    path: z.string().min(1),
    minBytes: z.int().nonnegative().default(1),
    mayBeOld: z.boolean().default(false),
  }),
])

const retries = z.union([
  z
    .int()
    .nonnegative()
    .transform((max) => ({ ...DEFAULT_RETRIES, max })),
  z
    .strictObject({
      max: z.int().nonnegative().default(2),
      delay: duration.optional(),
      factor: z.number().min(1).default(2),
      maxDelay: duration.optional(),
      exitCodes: z.array(z.int().min(1).max(255)).min(1).optional(),
    })
    .transform(({ max, delay, factor, maxDelay, exitCodes }) => ({
      max,
      delayMs: delay ?? DEFAULT_RETRIES.delayMs,
      factor,
      // A delay that was asked for is not made shorter by a limit that was not.
      maxDelayMs: maxDelay ?? Math.max(DEFAULT_RETRIES.maxDelayMs, delay ?? 0),
      exitCodes,
    })),
])

const DEFAULT_RETRIES = { max: 0, delayMs: 1000, factor: 2, maxDelayMs: 60_000, exitCodes: undefined }

const commonFields = {
  id,
  name: z.string().min(1).optional(),
  timeout: duration.optional(),
  quietTimeout: duration.optional(),
  retries: retries.default(DEFAULT_RETRIES),
  needs: z.array(id).optional(),
  inputs: z.array(z.string().min(1)).default([]),
  outputs: z.record(id, output).default({}),
  params: z.record(id, paramValue).default({}),
  items: z
    .union([
      z
        .string()
        .min(1)
        .transform((from) => ({ from, id: DEFAULT_ITEM_ID })),
      z.strictObject({ from: z.string().min(1), id: z.string().min(1).default('${item.stem}') }),
    ])
    .optional(),
  optional: z.boolean().default(false),
  acceptPartial: z.boolean().default(false),
  slots: slots.default({}),
}

const DEFAULT_ITEM_ID = '${item.stem}'

export const commandPhaseSchema = z.strictObject({
  ...commonFields,
  command: z.union([argv, z.string().min(1)]),
  shell: z.boolean().default(false),
  cwd: z.string().min(1).default('.'),
  env: z
    .strictObject({
      pass: z.array(z.string().min(1)).default([]),
      set: z.record(z.string().min(1), z.coerce.string()).default({}),
    })
    .default({ pass: [], set: {} }),
  check: argv.optional(),
})

export const functionPhaseSchema = z.strictObject({
  ...commonFields,
  run: z.custom<(context: never) => unknown>((value) => typeof value === 'function', 'must be a function'),
})

const pipelineFields = {
  name: z.string().min(1),
  fileId: z.string().min(1).default('${input.stem}'),
  params: z.record(id, paramValue).default({}),
  slots: z.record(id, z.int().positive()).default({}),
}

export const pipelineFileSchema = z.strictObject({
  ...pipelineFields,
  phases: z.array(commandPhaseSchema).min(1, 'must name a phase'),
})

export const pipelineModuleSchema = z.strictObject({
  ...pipelineFields,
  phases: z.array(z.union([functionPhaseSchema, commandPhaseSchema])).min(1, 'must name a phase'),
})

export type PipelineInput = z.input<typeof pipelineModuleSchema>
export type PhaseInput = z.input<typeof commandPhaseSchema> | z.input<typeof functionPhaseSchema>
export type ParsedPipeline = z.output<typeof pipelineModuleSchema>
export type ParsedPhase = ParsedPipeline['phases'][number]
