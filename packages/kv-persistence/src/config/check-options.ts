import { z } from 'zod'
import { KvConfigError, type KvConfigProblem } from '../errors.js'
import { MAX_TTL_MS } from '../store/ttl.js'
import type { KvStoreOptions } from './options.js'

/** The options themselves if they can be used; otherwise KvConfigError with every mistake. Values are not shown: any may be a secret. */
export function checkOptions(options: KvStoreOptions): KvStoreOptions {
  const problems = findProblems(options)
  if (problems.length > 0) throw new KvConfigError(problems)
  return options
}

export function findProblems(options: unknown): readonly KvConfigProblem[] {
  const result = schema().safeParse(options)
  if (result.success) return []
  return result.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ option: [...issue.path, key].join('.'), message: 'is not an option' }))
    }
    return [{ option: issue.path.join('.') || 'options', message: explain(issue) }]
  })
}

function explain(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty' : `must be at least ${issue.minimum}`
    case 'too_big':
      return `must be at most ${issue.maximum}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'invalid_union':
      return issue.path.at(-1) === 'type' ? 'must be one of memory, sqlite, redis' : 'has the wrong form'
    default:
      return issue.message
  }
}

function schema(): z.ZodType {
  const milliseconds = (least: number): z.ZodType =>
    z
      .int()
      .min(least)
      .max(2 ** 31 - 1)
  const text = z.string().min(1)
  const key = z.strictObject({
    id: text.max(40),
    key: z.instanceof(Uint8Array).refine((bytes) => bytes.length === 32, 'must have 32 bytes'),
  })
  const common = {
    prefix: z.union([z.string(), z.array(z.string())]).optional(),
    defaultTtlMs: z.int().min(1).max(MAX_TTL_MS).nullable().optional(),
    codec: z.enum(['json', 'msgpack']).optional(),
    compressFromBytes: z.int().min(1).optional(),
    encryption: z
      .strictObject({ current: key, previous: z.array(key).optional() })
      .refine(({ current, previous = [] }) => {
        const ids = [current, ...previous].map(({ id }) => id)
        return new Set(ids).size === ids.length
      }, 'must have keys with different ids')
      .optional(),
    maxValueBytes: z
      .int()
      .min(1)
      .max(256 << 20)
      .optional(),
  }
  const isFile = (path: string): boolean => !path.startsWith(':memory:') && !path.startsWith('file:')
  const tls = z.strictObject({ ca: text.optional(), servername: text.optional(), verify: z.boolean().optional() })
  return z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('memory'), ...common }),
    z.strictObject({
      type: z.literal('sqlite'),
      path: text.refine(isFile, 'must be the path of a file; the type memory keeps data in memory').optional(),
      timeoutMs: milliseconds(1).optional(),
      sweepIntervalMs: milliseconds(100).optional(),
      ...common,
    }),
    z.strictObject({
      type: z.literal('redis'),
      url: z.string().refine(isRedisUrl, 'must be redis[s]://[user[:password]@]host[:port][/db]').optional(),
      host: text.optional(),
      port: z.int().min(1).max(65_535).optional(),
      username: text.optional(),
      password: text.optional(),
      db: z.int().min(0).optional(),
      tls: z.union([z.boolean(), tls]).optional(),
      keyPrefix: text
        .max(1000)
        .refine((prefix) => !/^:*$/.test(prefix), 'must name something')
        .optional(),
      cluster: z.boolean().optional(),
      timeoutMs: milliseconds(1).optional(),
      connectTimeoutMs: milliseconds(1).optional(),
      ...common,
    }),
  ])
}

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, pathname, hostname, username, password } = new URL(text)
  return (
    isDecodable(username + password) &&
    (protocol === 'redis:' || protocol === 'rediss:') &&
    hostname !== '' &&
    /^(\/\d*)?$/.test(pathname)
  )
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
