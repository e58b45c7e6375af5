import { KvConfigError, type KvConfigProblem } from '../errors.js'
import { findProblems } from './check-options.js'
import type { KvStoreOptions } from './options.js'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The options that the environment asks for; an empty variable counts as unset. `OC_KV_STORE_TYPE` decides which others are read, and without it the
 * store is SQLite. Throws KvConfigError that names every variable that cannot be used, and shows no value.
 *
 * @example kvConfigFromEnv({ OC_KV_STORE_TYPE: 'redis', OC_KV_STORE_REDIS_HOST: 'redis.example.com' })
 */
export function kvConfigFromEnv(env: Environment = process.env): KvStoreOptions {
  const reader = new Reader(env)
  const type = env['OC_KV_STORE_TYPE'] || 'sqlite'
  const options = optionsOf(type, reader, env['OC_CONFIG_ID'])
  const known = Object.keys(options)
  const found = findProblems(options).map(({ option, message }) => ({
    option: variableOf(option, known),
    message,
  }))
  const problems = [...reader.problems, ...found]
  if (problems.length > 0) throw new KvConfigError(problems)
  return options as unknown as KvStoreOptions
}

function optionsOf(type: string, reader: Reader, configId: string | undefined): Readonly<Record<string, unknown>> {
  const common = {
    type,
    codec: reader.serializer(),
    defaultTtlMs: reader.seconds('DEFAULT_TTL'),
    compressFromBytes: reader.number('COMPRESS_FROM_BYTES'),
    encryption: reader.encryption(),
  }
  if (type === 'sqlite') return { ...common, path: reader.text('SQLITE_PATH') }
  if (type !== 'redis') return common
  return {
    ...common,
    url: reader.text('REDIS_URL'),
    host: reader.text('REDIS_HOST'),
    port: reader.number('REDIS_PORT'),
    username: reader.text('REDIS_USERNAME'),
    password: reader.text('REDIS_PASSWORD'),
    db: reader.number('REDIS_DB'),
    keyPrefix: reader.text('REDIS_KEY_PREFIX') ?? (configId || undefined),
    cluster: reader.flag('REDIS_CLUSTER'),
    tls: reader.tls(),
  }
}

class Reader {
  readonly problems: KvConfigProblem[] = []
  readonly #env: Environment

  constructor(env: Environment) {
    this.#env = env
  }

  text(name: string): string | undefined {
    return this.#env[`${START}${name}`] || undefined
  }

  number(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (/^-?\d+$/.test(text)) return Number(text)
    return this.#refuse(name, 'must be a whole number')
  }

  seconds(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const milliseconds = Number(text) * 1000
    if (/^\d+(\.\d+)?$/.test(text) && milliseconds >= 1) return Math.round(milliseconds)
    return this.#refuse(name, 'must be a number of seconds greater than 0; leave it unset to keep data for ever')
  }

  flag(name: string): boolean | undefined {
    const text = this.text(name)?.toLowerCase()
    if (text === undefined) return undefined
    if (['true', '1', 'yes', 'on'].includes(text)) return true
    if (['false', '0', 'no', 'off'].includes(text)) return false
    return this.#refuse(name, 'must be true or false')
  }

  serializer(): 'json' | 'msgpack' | undefined {
    const text = this.text('SERIALIZER')
    if (text === undefined || text === 'json' || text === 'msgpack') return text
    const fix = text === 'pickle' ? '; pickle runs code when it is read, use msgpack for complex values' : ''
    return this.#refuse('SERIALIZER', `must be json or msgpack${fix}`)
  }

  tls(): boolean | { readonly ca?: string; readonly verify?: boolean } | undefined {
    const isOn = this.flag('REDIS_TLS')
    const ca = this.text('REDIS_TLS_CA')
    const verify = this.flag('REDIS_TLS_VERIFY')
    if (isOn === false || (ca === undefined && verify === undefined)) return isOn
    return { ...(ca === undefined ? {} : { ca }), ...(verify === undefined ? {} : { verify }) }
  }

  encryption(): { readonly current: { readonly id: string; readonly key: Uint8Array } } | undefined {
    const text = this.text('ENCRYPTION_KEY')
    if (text === undefined) return undefined
    const key = new Uint8Array(Buffer.from(text, 'base64'))
    if (key.length !== 32) return this.#refuse('ENCRYPTION_KEY', 'must be 32 bytes in base64')
    return { current: { id: this.text('ENCRYPTION_KEY_ID') ?? 'env', key } }
  }

  #refuse(name: string, message: string): undefined {
    this.problems.push({ option: `${START}${name}`, message })
    return undefined
  }
}

const START = 'OC_KV_STORE_'

/** `redis.port` has its variable by a rule; the few others are listed. */
function variableOf(option: string, known: readonly string[]): string {
  const [field = ''] = option.split('.')
  const listed: Readonly<Record<string, string>> = {
    type: 'TYPE',
    codec: 'SERIALIZER',
    defaultTtlMs: 'DEFAULT_TTL',
    path: 'SQLITE_PATH',
    encryption: 'ENCRYPTION_KEY_ID',
    compressFromBytes: 'COMPRESS_FROM_BYTES',
    keyPrefix: 'REDIS_KEY_PREFIX',
    tls: 'REDIS_TLS_CA',
  }
  const name = listed[field] ?? (known.includes(field) ? `REDIS_${field.toUpperCase()}` : field)
  return `${START}${name}`
}
