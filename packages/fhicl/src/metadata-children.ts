import type { JsonObject, JsonValue } from './database-json.js'

/**
 * Hands out the metadata for data members in their order. Usually both stand in the same order, so the member at the
 * same place is tried first; otherwise the next unused one with the key is taken, and for a key that is used up the
 * last one of it.
 */
export class MetadataChildren {
  private readonly children: JsonObject
  private position = 0
  private queues: Map<string, { readonly values: JsonValue[]; used: number }> | undefined

  constructor(children: JsonObject) {
    this.children = children
  }

  next(key: string): JsonValue | undefined {
    const { members } = this.children
    const member = members[this.position]
    if (this.queues === undefined && member?.key === key) {
      this.position++
      return member.value
    }
    this.queues ??= this.queueRest()
    const queue = this.queues.get(key)
    return queue?.values[Math.min(queue.used++, queue.values.length - 1)]
  }

  private queueRest(): Map<string, { values: JsonValue[]; used: number }> {
    const queues = new Map<string, { values: JsonValue[]; used: number }>()
    for (const [index, { key, value }] of this.children.members.entries()) {
      const queue = queues.get(key) ?? { values: [], used: 0 }
      queues.set(key, queue)
      queue.values.push(value)
      if (index < this.position) queue.used++
    }
    return queues
  }
}
