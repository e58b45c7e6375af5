import assert from 'node:assert/strict'

export function text(content: string): Uint8Array {
  return new Uint8Array(Buffer.from(content))
}

/** The same bytes each time, of every value, without a period that a block-wise reader could hide an error in. */
export function noise(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size)
  let state = seed
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
    bytes[at] = state >>> 16
  }
  return bytes
}

export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length, 'The number of bytes differs')
  assert.ok(Buffer.compare(actual, expected) === 0, 'The bytes differ')
}

export async function assertRejectsWithCode(work: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof Error)
    assert.equal('code' in error ? error.code : undefined, code, `Expected ${code}, got: ${error}`)
    return true
  })
}
