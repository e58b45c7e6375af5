import assert from 'node:assert/strict'

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

export async function keysOf(entries: AsyncIterable<{ readonly key: string }>): Promise<string[]> {
  return (await collect(entries)).map(({ key }) => key)
}

export async function assertRejectsWithCode(work: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof Error)
    assert.equal('code' in error ? error.code : undefined, code, `Expected ${code}, got: ${error}`)
    return true
  })
}
