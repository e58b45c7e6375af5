import { createDecipheriv, createHash } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSealed, openDocument, openLine, sealDocument, sealLine } from '../src/cipher.js'
import { KeyRing } from '../src/key-ring.js'

const ring = await KeyRing.from({ key: Buffer.alloc(32, 7) })
const other = await KeyRing.from({ key: Buffer.alloc(32, 8) })

const texts = [
  { name: 'an empty text', text: '' },
  { name: 'one character', text: 'x' },
  { name: 'two characters', text: '{}' },
  { name: 'three characters', text: '[1]' },
  { name: 'a document', text: '{\n  "phase1": { "status": "done" }\n}\n' },
  { name: 'other scripts', text: '{"имя":"книга","名":"本","e":"🔑é\u0000\ufeff"}' },
  { name: 'a mark of byte order in front', text: '\ufeff{}' },
]

describe('sealDocument() and openDocument()', () => {
  test.each(texts)('give back $name', ({ text }) => {
    expect(openDocument(ring, seal(text))).toBe(text)
  })

  test('give back any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(openDocument(ring, seal(text))).toBe(text)
      }),
    )
  })

  test.each([0, 1, 2, 3])('give back a large text whose characters lie across the pieces, shifted by %i', (shift) => {
    const text = 'x'.repeat(shift) + '🔑本é'.repeat(300_000)
    expect(openDocument(ring, seal(text)) === text).toBe(true)
  })

  test('make a JSON document of the form that is written down', () => {
    const sealed = JSON.parse(seal('{"a":1}')) as Record<string, string>
    expect(Object.keys(sealed)).toStrictEqual(['holdfast', 'v', 'cipher', 'key', 'iv', 'tag', 'data'])
    expect(sealed).toMatchObject({
      holdfast: 'encrypted document',
      v: 1,
      cipher: 'aes-256-gcm',
      key: ring.sealingKey.id,
    })
    // Read without this package, as anybody who has the key can.
    const bytes = (field: string) => Buffer.from(sealed[field] ?? '', 'base64')
    const decipher = createDecipheriv('aes-256-gcm', Buffer.alloc(32, 7), bytes('iv'))
    decipher.setAuthTag(bytes('tag')).setAAD(Buffer.from(`holdfast\0document\x001\0aes-256-gcm\0${sealed['key']}`))
    expect(decipher.update(bytes('data'), undefined, 'utf8') + decipher.final('utf8')).toBe('{"a":1}')
    expect(bytes('iv')).toHaveLength(12)
    expect(bytes('tag')).toHaveLength(16)
  })

  test('never make the same twice', () => {
    const ivs = Array.from({ length: 200 }, () => (JSON.parse(seal('x')) as { iv: string }).iv)
    expect(new Set(ivs).size).toBe(200)
  })

  test('show nothing of the text', () => {
    expect(seal('phase1-secret')).not.toContain('secret')
    expect(seal('phase1-secret')).not.toContain(Buffer.from('phase1-secret').toString('base64').slice(0, 12))
  })

  test('do without the line break and the layout of the file', () => {
    const sealed = seal('{"a":1}')
    expect(openDocument(ring, `${sealed}\n`)).toBe('{"a":1}')
    expect(openDocument(ring, `${JSON.stringify(JSON.parse(sealed), undefined, 4)}\r\n`)).toBe('{"a":1}')
  })

  test('refuse half of a surrogate pair, which would come back as something else', () => {
    expect(() => sealDocument(ring, 'a\ud800b')).toThrow(TypeError)
    expect(() => sealLine(ring, '\udc00', 'journal')).toThrow(TypeError)
  })
})

describe('openDocument() refuses', () => {
  test('every change of a single byte', () => {
    const sealed = sealDocument(ring, '{"a":1}')
    for (const at of sealed.keys()) {
      const byte = sealed[at] ?? 0
      for (const changed of new Set([
        byte ^ 1,
        byte ^ 0x20,
        byte ^ 0x80,
        0x20,
        0x22,
        0x2b,
        0x2d,
        0x2f,
        0x3d,
        0x41,
        0x5f,
      ])) {
        if (changed === byte) continue
        const text = Buffer.from(sealed)
          .fill(changed, at, at + 1)
          .toString('latin1')
        expect(
          codeOf(() => openDocument(ring, text)),
          `byte ${at} as ${changed}`,
        ).toMatch(/^ERR_(SEAL_BROKEN|WRONG_KEY)$/)
      }
    }
  })

  test('every beginning of it', () => {
    const sealed = seal('{"a":1}')
    for (let length = 0; length < sealed.length; length += 1) {
      expect(
        codeOf(() => openDocument(ring, sealed.slice(0, length))),
        `${length} characters`,
      ).toBe('ERR_SEAL_BROKEN')
    }
  })

  test('any change of a large one, also to base64 that means the same', () => {
    const sealed = seal('x'.repeat(700_001))
    const data = sealed.indexOf('"data":"') + 8
    for (const at of [data, data + 262_143, data + 262_144, sealed.length - 3]) {
      const text = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
      expect(codeOf(() => openDocument(ring, text))).toBe('ERR_SEAL_BROKEN')
    }
    expect(codeOf(() => openDocument(ring, sealed.replace(/\+/, '-')))).toBe('ERR_SEAL_BROKEN')
    expect(codeOf(() => openDocument(ring, sealed.replace(/=/, '')))).toBe('ERR_SEAL_BROKEN')
    expect(codeOf(() => openDocument(ring, sealed.replace('"data":"', '"data":"\\u0041')))).toBe('ERR_SEAL_BROKEN')
  })

  test.each<{
    readonly title: string
    readonly change: (fields: Record<string, unknown>) => unknown
    readonly reason: RegExp
  }>([
    {
      title: 'a newer version',
      change: (fields) => ({ ...fields, v: 2 }),
      reason: /version 2, this program knows version 1/,
    },
    {
      title: 'another cipher',
      change: (fields) => ({ ...fields, cipher: 'aes-256-cbc' }),
      reason: /does not use the cipher/,
    },
    {
      title: 'a shorter tag',
      change: (fields) => ({ ...fields, tag: String(fields['tag']).slice(0, 16) }),
      reason: /'tag' is damaged/,
    },
    { title: 'an empty tag', change: (fields) => ({ ...fields, tag: '' }), reason: /'tag' is damaged/ },
    {
      title: 'a longer nonce',
      change: (fields) => ({ ...fields, iv: `${fields['iv']}AAAA` }),
      reason: /'iv' is damaged/,
    },
    { title: 'a number for a nonce', change: (fields) => ({ ...fields, iv: 1 }), reason: /'iv' is damaged/ },
    {
      title: 'a key id of another form',
      change: (fields) => ({ ...fields, key: '../../etc' }),
      reason: /id of its key/,
    },
    {
      title: 'more fields',
      change: ({ data, ...fields }) => ({ ...fields, extra: 1, data }),
      reason: /something was added/,
    },
    { title: 'a field less', change: ({ iv: _, ...fields }) => fields, reason: /added to it|'iv' is damaged/ },
    {
      title: 'another kind',
      change: (fields) => ({ ...fields, holdfast: 'document' }),
      reason: /not an encrypted document/,
    },
    {
      title: 'data that is not text',
      change: (fields) => ({ ...fields, data: 5 }),
      reason: /not an encrypted document/,
    },
    { title: 'no data', change: (fields) => ({ ...fields, data: '' }), reason: /was changed/ },
    { title: 'a plain document', change: () => ({ phase1: {} }), reason: /not an encrypted document/ },
    { title: 'null', change: () => null, reason: /not an encrypted document/ },
  ])('$title', ({ change, reason }) => {
    const text = JSON.stringify(change(JSON.parse(seal('{"a":1}')) as Record<string, unknown>))
    const error = errorOf(() => openDocument(ring, text))
    expect(error).toMatchObject({ name: 'SealBrokenError', code: 'ERR_SEAL_BROKEN', hint: expect.any(String) })
    expect(error.message).toMatch(reason)
  })

  test('what another key encrypted, and names the key that is needed', () => {
    const error = errorOf(() => openDocument(other, seal('{"password":"hunter2"}')))
    expect(error).toMatchObject({
      name: 'WrongKeyError',
      code: 'ERR_WRONG_KEY',
      keyId: ring.sealingKey.id,
      givenKeyIds: other.keyIds,
    })
    expect(error).toHaveProperty('hint', expect.stringContaining('previousKeyFiles'))
  })

  test('the id of a key that is there put in place of the right one', async () => {
    const both = await KeyRing.from({ key: Buffer.alloc(32, 8), previousKeys: [Buffer.alloc(32, 7)] })
    const text = seal('{}').replace(ring.sealingKey.id, other.sealingKey.id)
    expect(codeOf(() => openDocument(both, text))).toBe('ERR_SEAL_BROKEN')
  })

  test('a line, and openLine() a document', () => {
    const token = Buffer.from(sealLine(ring, '{}', ''), 'base64url')
    const fields = { iv: token.subarray(9, 21), tag: token.subarray(21, 37), data: token.subarray(37) }
    const base64 = Object.entries(fields).map(([name, bytes]) => [name, bytes.toString('base64')])
    const asDocument = JSON.stringify({ ...JSON.parse(seal('')), ...Object.fromEntries(base64) })
    expect(codeOf(() => openDocument(ring, asDocument))).toBe('ERR_SEAL_BROKEN')

    const document = JSON.parse(seal('{}')) as Record<'iv' | 'tag' | 'data', string>
    const parts = [document.iv, document.tag, document.data].map((part) => Buffer.from(part, 'base64'))
    const asLine = Buffer.concat([token.subarray(0, 9), ...parts]).toString('base64url')
    expect(codeOf(() => openLine(ring, asLine, ''))).toBe('ERR_SEAL_BROKEN')
  })
})

describe('sealLine() and openLine()', () => {
  test.each(texts)('give back $name', ({ text }) => {
    const token = sealLine(ring, text, 'journal')
    expect(token).toMatch(/^[A-Za-z0-9_-]+$/)
    expect(openLine(ring, token, 'journal')).toBe(text)
  })

  test('give back any text in its context, and in no other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (text, context, elsewhere) => {
        const token = sealLine(ring, text, context)
        expect(openLine(ring, token, context)).toBe(text)
        if (elsewhere !== context) expect(codeOf(() => openLine(ring, token, elsewhere))).toBe('ERR_SEAL_BROKEN')
      }),
    )
  })

  test('refuse every change of a single character and every beginning', () => {
    const token = sealLine(ring, '{"a":1}', 'journal')
    for (let at = 0; at < token.length; at += 1) {
      for (const character of 'AaBb01_-+/= \n~') {
        if (character === token[at]) continue
        const changed = token.slice(0, at) + character + token.slice(at + 1)
        expect(
          codeOf(() => openLine(ring, changed, 'journal')),
          changed,
        ).toMatch(/^ERR_(SEAL_BROKEN|WRONG_KEY)$/)
      }
      expect(codeOf(() => openLine(ring, token.slice(0, at), 'journal'))).toBe('ERR_SEAL_BROKEN')
    }
    expect(codeOf(() => openLine(ring, `${token}A`, 'journal'))).toBe('ERR_SEAL_BROKEN')
    expect(codeOf(() => openLine(ring, `${token}=`, 'journal'))).toBe('ERR_SEAL_BROKEN')
  })

  test('refuse a line of another key', () => {
    const error = errorOf(() => openLine(other, sealLine(ring, 'x', 'journal'), 'journal'))
    expect(error).toMatchObject({ code: 'ERR_WRONG_KEY', keyId: ring.sealingKey.id })
  })
})

describe('a ring with previous keys', () => {
  test('opens what any of them encrypted, and encrypts with the first', async () => {
    const changed = await KeyRing.from({
      key: Buffer.alloc(32, 9),
      previousKeys: [Buffer.alloc(32, 8), Buffer.alloc(32, 7)],
    })
    expect(openDocument(changed, seal('old'))).toBe('old')
    expect(openLine(changed, sealLine(other, 'older', 'log'), 'log')).toBe('older')
    const sealed = Buffer.from(sealDocument(changed, 'new')).toString()
    expect((JSON.parse(sealed) as { key: string }).key).toBe(changed.sealingKey.id)
    expect(codeOf(() => openDocument(ring, sealed))).toBe('ERR_WRONG_KEY')
  })
})

describe('isSealed()', () => {
  test.each<{ readonly title: string; readonly text: string; readonly answer: boolean }>([
    { title: 'an encrypted document', text: seal('x'), answer: true },
    { title: 'one laid out anew', text: JSON.stringify(JSON.parse(seal('x')), undefined, 2), answer: true },
    { title: 'one that was cut', text: seal('x').slice(0, 60), answer: true },
    { title: 'a plain document', text: '{"phase1":{}}', answer: false },
    { title: 'a plain document with such a key', text: '{"holdfast":"encrypted document"}', answer: false },
    { title: 'a plain document with one inside', text: `{"a":${seal('x')}}`, answer: false },
    { title: 'nothing', text: '', answer: false },
  ])('is $answer for $title', ({ text, answer }) => {
    expect(isSealed(text)).toBe(answer)
  })
})

describe('nothing secret', () => {
  test('is in a message, a hint, a cause, a printed ring or its JSON', () => {
    const secret = Buffer.alloc(32, 7)
    const plain = 'hunter2-hunter2'
    const sealed = seal(plain)
    const shown = [inspect(ring, { depth: 9, showHidden: true }), JSON.stringify(ring), String(ring)]
    for (const broken of [sealed.slice(0, -9), sealed.replace('"v":1', '"v":9'), `${sealed.slice(0, -8)}AAAAAA"}`]) {
      shown.push(
        inspect(
          errorOf(() => openDocument(ring, broken)),
          { depth: 9, showHidden: true },
        ),
      )
    }
    shown.push(
      inspect(
        errorOf(() => openDocument(other, sealed)),
        { depth: 9, showHidden: true },
      ),
    )
    for (const text of shown) {
      expect(text).not.toContain(plain)
      expect(text).not.toContain(secret.toString('hex'))
      expect(text).not.toContain(secret.toString('base64'))
      expect(text).not.toMatch(/07 07 07 07|7, 7, 7, 7|\\x07/)
    }
  })

  test('is in the id of a key: it is the start of a hash', () => {
    const id = createHash('sha256').update('holdfast key id\0').update(Buffer.alloc(32, 7)).digest('hex').slice(0, 16)
    expect(ring.keyIds).toStrictEqual([id])
  })
})

function seal(text: string): string {
  return Buffer.from(sealDocument(ring, text)).toString('utf8')
}

function errorOf(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('Nothing was thrown')
}

function codeOf(work: () => unknown): unknown {
  const error = errorOf(work)
  return 'code' in error ? error.code : error.message
}
