import {
  DEFAULT_CONNECT_TIMEOUT_MS,
  DEFAULT_KEY_PREFIX,
  DEFAULT_TIMEOUT_MS,
  type RedisStoreOptions,
} from '../config/options.js'

/** Every option decided; the parts of a URL taken apart, so that no message can show it. */
export interface RedisSettings {
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number
  readonly tls: { readonly ca?: string; readonly servername?: string; readonly verify: boolean } | undefined
  readonly cluster: boolean
  readonly timeoutMs: number
  readonly connectTimeoutMs: number
  /** `{prefix}`: all keys that hold it are in one slot of a cluster. */
  readonly tag: string
  /** For messages. */
  readonly location: string
}

export function resolveSettings(options: RedisStoreOptions): RedisSettings {
  const url = options.url === undefined ? undefined : new URL(options.url)
  const host = options.host ?? (url?.hostname || 'localhost').replace(/^\[|\]$/g, '')
  const port = options.port ?? Number(url?.port || 6379)
  const db = options.db ?? Number(url?.pathname.slice(1) || 0)
  const tls = options.tls ?? url?.protocol === 'rediss:'
  const { ca, servername, verify = true } = typeof tls === 'object' ? tls : {}
  const extras = { ...(ca === undefined ? {} : { ca }), ...(servername === undefined ? {} : { servername }) }
  return {
    host,
    port,
    username: options.username ?? decoded(url?.username),
    password: options.password ?? decoded(url?.password),
    db,
    tls: tls === false ? undefined : { ...extras, verify },
    cluster: options.cluster ?? false,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    connectTimeoutMs: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    tag: `{${writeTag(options.keyPrefix ?? DEFAULT_KEY_PREFIX)}}`,
    location: `${host.includes(':') ? `[${host}]` : host}:${port}/${db}`,
  }
}

function decoded(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : decodeURIComponent(text)
}

/** A brace would end the tag early. */
function writeTag(prefix: string): string {
  return prefix
    .replace(/:+$/, '')
    .replace(/[{}%]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
