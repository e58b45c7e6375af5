/** What may stand in the YAML file of a fetcher, checked by zod. Unknown keys are mistakes. */
import { z } from 'zod'

const text = z.string().min(1, 'must not be empty')
const whole = (least: number, most: number = Number.MAX_SAFE_INTEGER) => z.int().min(least).max(most)
const seconds = z.number().positive()
const bytes = whole(1)
const selector = z.string().regex(/^\$/, 'must be a path that starts with $, such as $.header.total')
const day = z.string().refine(isDay, 'must be a day of the calendar, such as 2026-01-31')
const prefix = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]*$/i, 'must be letters, digits, "_" and "-", such as fr_siren_provider')
const credential = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'must be the name of a credential, such as api_key, and never the credential itself')
const url = z
  .string()
  .refine(isPlainUrl, 'must be a URL of http or https without user name and password; those are credentials')
const values = z.record(text, z.union([z.string(), z.number(), z.boolean()]))
const unpack = z.boolean().default(false)

const windows = z.strictObject({
  start: z.union([day, z.strictObject({ days_ago: whole(0) })]),
  end: day.nullable().default(null),
  step_days: whole(1).default(1),
  direction: z.enum(['forward', 'backward']).default('forward'),
  settle_days: whole(0).default(0),
  time_zone: text.default('UTC'),
})

const numberPaging = {
  parameter: text.optional(),
  first: whole(0).optional(),
  size: whole(1).optional(),
  items: selector,
  total: selector.optional(),
}

const paging = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({
    type: z.literal('cursor'),
    parameter: text,
    first: z.string().optional(),
    next: selector.optional(),
    header: text.optional(),
  }),
  z.strictObject({ type: z.literal('page'), ...numberPaging }),
  z.strictObject({ type: z.literal('offset'), ...numberPaging }),
  z.strictObject({ type: z.literal('link') }),
])

const auth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('header'), header: text, credential }),
  z.strictObject({ type: z.literal('basic'), username: credential, password: credential }),
  z.strictObject({
    type: z.literal('oauth'),
    token_url: url,
    client_id: credential,
    client_secret: credential,
    scope: text.optional(),
  }),
])

const http = z.strictObject({
  connect_timeout_seconds: seconds.default(10),
  headers_timeout_seconds: seconds.default(120),
  stalled_timeout_seconds: seconds.default(30),
  total_timeout_seconds: seconds.default(600),
  max_body_bytes: bytes.default(1024 ** 3),
  not_found_is_empty: z.boolean().default(false),
  redirects: z.enum(['none', 'same-host', 'any']).default('same-host'),
})

const retries = {
  max_retries: whole(0, 50).optional(),
  base_delay_seconds: seconds.default(1),
  max_delay_seconds: seconds.default(300),
}

const apiLocator = z.strictObject({
  type: z.literal('api'),
  prefix,
  url: url.optional(),
  method: z.enum(['GET', 'POST']).default('GET'),
  query: values.default({}),
  headers: z.record(text, z.string()).default({}).superRefine(refuseCredentialHeaders),
  body: z.string().optional(),
  windows: windows.optional(),
  requests: z.array(url).min(1).optional(),
  repeat_requests: z.boolean().default(false),
  paging: paging.default({ type: 'none' }),
  /** Where the list of rows is, to be counted. */
  items: z
    .string()
    .regex(/^\$(\.[\w-]+)*$/, 'must be a path such as $.unitesLegales')
    .optional(),
  narrowing: z
    .strictObject({
      limit: whole(1),
      total: selector,
      query: values,
      alphabet: z.array(text).min(1).optional(),
      max_length: whole(1, 20),
    })
    .optional(),
  conditional: z.boolean().default(false),
  auth: auth.default({ type: 'none' }),
  rate_limit: z
    .strictObject({
      requests: z.number().positive(),
      per_seconds: z.number().positive().default(1),
      burst: whole(1).default(1),
    })
    .optional(),
  http: http.prefault({}),
  unpack,
  ...retries,
})

const dates = z.strictObject({
  from: day.optional(),
  until: day.optional(),
  undated: z.enum(['skip', 'take']).default('skip'),
})

const source = z.union([
  z.strictObject({
    directory: text,
    patterns: z.array(text).min(1).default(['*']),
    recursive: z.boolean().default(false),
    dates: dates.optional(),
  }),
  z.strictObject({ file: text, optional: z.boolean().default(false) }),
])

const connection = z.strictObject({
  host: text,
  port: whole(1, 65_535).default(22),
  /** Literal; else the credential `username`. */
  username: text.optional(),
  auth: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('password'), credential: credential.default('password') }),
      z.strictObject({
        type: z.literal('key'),
        credential: credential.optional(),
        key_file: text.optional(),
        passphrase: credential.optional(),
      }),
    ])
    .default({ type: 'password', credential: 'password' }),
  host_keys: z.array(text).min(1).optional(),
  known_hosts: text.default('~/.ssh/known_hosts'),
  accept_any_host_key: z.boolean().default(false),
  max_connections: whole(1, 64).default(2),
  connect_attempts: whole(1, 100).default(5),
})

const sftpLocator = z.strictObject({
  type: z.literal('sftp'),
  prefix,
  connection,
  sources: z.array(source).min(1),
  sort: z
    .strictObject({ by: z.enum(['path', 'mtime', 'size']).default('path'), reverse: z.boolean().default(false) })
    .optional(),
  list_every_seconds: seconds.default(60),
  stable_for_seconds: z.number().min(0).default(10),
  unpack,
  ...retries,
})

const state = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('sqlite'), path: text }),
  z.strictObject({
    type: z.literal('redis'),
    host: text.default('localhost'),
    port: whole(1, 65_535).default(6379),
    db: whole(0).default(0),
    username: text.optional(),
    password: credential.optional(),
    tls: z.boolean().default(false),
    cluster: z.boolean().default(false),
    key_prefix: text.default('data_fetcher'),
  }),
])

const s3 = z.strictObject({
  type: z.literal('s3'),
  bucket: text,
  prefix: z.string().default(''),
  region: text.optional(),
  endpoint: url.optional(),
  /** Without these two, as the tools of AWS find them. */
  access_key_id: credential.optional(),
  secret_access_key: credential.optional(),
})

export const configurationSchema = z.strictObject({
  description: z.string().default(''),
  concurrency: whole(1, 256).default(4),
  max_retries: whole(0, 50).default(5),
  lease_seconds: z.number().min(1).max(86_400).default(60),
  /** A run does not wait for attempts that are further away; they are for a later run. */
  max_wait_seconds: z.number().min(0).default(600),
  credentials_file: text.optional(),
  state: state.optional(),
  output: z.discriminatedUnion('type', [z.strictObject({ type: z.literal('files'), directory: text }), s3]).optional(),
  locators: z
    .array(z.discriminatedUnion('type', [apiLocator, sftpLocator]))
    .min(1, 'needs at least one locator')
    .superRefine(refuseSharedPrefixes),
})

export type FileContent = z.output<typeof configurationSchema>
export type LocatorContent = FileContent['locators'][number]
export type ApiContent = Extract<LocatorContent, { readonly type: 'api' }>
export type SftpContent = Extract<LocatorContent, { readonly type: 'sftp' }>
export type StateContent = NonNullable<FileContent['state']>
export type OutputContent = NonNullable<FileContent['output']>

/** All names that may stand anywhere, for "did you mean". */
export const KNOWN_KEYS: readonly string[] = [
  ...new Set(
    [configurationSchema, apiLocator, sftpLocator, connection, windows, http, dates, s3].flatMap(({ shape }) =>
      Object.keys(shape),
    ),
  ),
]

export function isDay(value: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return false
  const ms = Date.parse(`${value}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value)
}

function isPlainUrl(value: string): boolean {
  const parsed = URL.parse(value)
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) return false
  return parsed.username === '' && parsed.password === ''
}

function refuseCredentialHeaders(headers: Readonly<Record<string, string>>, context: z.RefinementCtx): void {
  for (const name of Object.keys(headers)) {
    if (!/^(authorization|proxy-authorization|cookie)$|api-?key|token|secret/i.test(name)) continue
    context.addIssue({ code: 'custom', path: [name], message: 'looks like a credential; those go through auth' })
  }
}

/** Neither the same nor one as the beginning of a level of the other: prefixes hold no ':', so only the same matters. */
function refuseSharedPrefixes(locators: readonly { readonly prefix: string }[], context: z.RefinementCtx): void {
  for (const [index, locator] of locators.entries()) {
    if (locators.findIndex((other) => other.prefix === locator.prefix) === index) continue
    context.addIssue({
      code: 'custom',
      path: [index, 'prefix'],
      message: `'${locator.prefix}' belongs to another locator already`,
    })
  }
}
