// One of the processes of kv-persistence.bench.ts: increments one counter so many times, as told on the command line.
import { createKvStore } from '@holdfast/kv-persistence'

const [options, amount] = process.argv.slice(2)
const store = await createKvStore(JSON.parse(options))
for (let n = 0; n < Number(amount); n += 1) await store.increment('counter')
await store.close()
