import type { RedisStoreOptions } from '../config/options.js'
import type { KvDriver } from '../driver/driver.js'

export const RedisDriver = {
  open: async (_options: RedisStoreOptions): Promise<KvDriver> => {
    throw new Error('todo')
  },
}
