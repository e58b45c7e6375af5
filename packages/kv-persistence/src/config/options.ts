import type { KvCodecName } from '../codec/check-value.js'
import type { KvKey } from '../store/key.js'

/** A key of AES-256-GCM. `id` is stored with each value, so that keys can be changed. */
export interface EncryptionKey {
  readonly id: string
  /** 32 bytes. */
  readonly key: Uint8Array
}

export interface CommonStoreOptions {
  /** The level below which everything of this store is. @default none */
  readonly prefix?: KvKey | undefined
  /** For every put without a `ttlMs` of its own; `null`: for ever. @default null */
  readonly defaultTtlMs?: number | null | undefined
  /** How new values are written; all kinds are read. @default 'json' */
  readonly codec?: KvCodecName | undefined
  /** Compress values of at least this many bytes with zstd. @default never */
  readonly compressFromBytes?: number | undefined
  /** Encrypt values (not keys) with `current`; `previous` are for reading. @default none */
  readonly encryption?: { readonly current: EncryptionKey; readonly previous?: readonly EncryptionKey[] } | undefined
  /** Larger values are refused. @default 16 MiB */
  readonly maxValueBytes?: number | undefined
}

export interface MemoryStoreOptions extends CommonStoreOptions {
  readonly type: 'memory'
}

export interface SqliteStoreOptions extends CommonStoreOptions {
  readonly type: 'sqlite'
  /** The database file; `-wal`, `-shm` and `.lock` appear beside it. @default 'kv.sqlite' in the working folder */
  readonly path?: string | undefined
  /** How long an operation waits for other processes. @default 10_000 */
  readonly timeoutMs?: number | undefined
  /** How often expired data is removed while nobody writes. @default 30_000 */
  readonly sweepIntervalMs?: number | undefined
}

export interface RedisTlsOptions {
  /** PEM certificates to trust. @default Node's */
  readonly ca?: string | undefined
  /** The name the certificate has to have. @default the host */
  readonly servername?: string | undefined
  /** `false` accepts any certificate. @default true */
  readonly verify?: boolean | undefined
}

export interface RedisStoreOptions extends CommonStoreOptions {
  readonly type: 'redis'
  /** `redis[s]://[user[:password]@]host[:port][/db]`; the other fields win over its parts. */
  readonly url?: string | undefined
  /** @default 'localhost' */
  readonly host?: string | undefined
  /** @default 6379 */
  readonly port?: number | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** @default 0 */
  readonly db?: number | undefined
  /** @default false, or true for rediss: */
  readonly tls?: boolean | RedisTlsOptions | undefined
  /** In front of every key on the server, as a cluster key tag: all data of one prefix is in one slot. @default 'data_fetcher' */
  readonly keyPrefix?: string | undefined
  /** The host is a node of a Redis Cluster. @default false */
  readonly cluster?: boolean | undefined
  /** Deadline of every operation, waiting for a connection included. @default 10_000 */
  readonly timeoutMs?: number | undefined
  /** For one attempt to connect. @default 5_000 */
  readonly connectTimeoutMs?: number | undefined
}

export type KvStoreOptions = MemoryStoreOptions | SqliteStoreOptions | RedisStoreOptions

export const DEFAULT_MAX_VALUE_BYTES: number = 16 << 20
export const DEFAULT_SQLITE_PATH = 'kv.sqlite'
export const DEFAULT_TIMEOUT_MS = 10_000
export const DEFAULT_CONNECT_TIMEOUT_MS = 5_000
export const DEFAULT_SWEEP_INTERVAL_MS = 30_000
export const DEFAULT_KEY_PREFIX = 'data_fetcher'
