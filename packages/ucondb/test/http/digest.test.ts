import { describe, expect, test } from 'vitest'
import { answerChallenge, parseChallenge } from '../../src/http/digest.js'

describe('parseChallenge()', () => {
  test.each([
    [
      'of UconDB',
      `Digest realm="ucon.runs", nonce="b'MTc5NTIxOTAxMw=='", algorithm=MD5, qop="auth"`,
      { realm: 'ucon.runs', nonce: "b'MTc5NTIxOTAxMw=='" },
    ],
    [
      'in another order and case',
      'digest QOP="auth",Nonce="a,b=c", realm="x \\"y\\""',
      { realm: 'x "y"', nonce: 'a,b=c' },
    ],
    ['without quotes', 'Digest realm=r, nonce=n', { realm: 'r', nonce: 'n' }],
    ['for another scheme', 'Basic realm="r"', undefined],
    ['without a nonce', 'Digest realm="r"', undefined],
    ['that is absent', undefined, undefined],
  ])('reads one %s', (_, header, expected) => {
    expect(parseChallenge(header)).toEqual(expected)
  })
})

test('answerChallenge() answers the example of RFC 2617, section 3.5', () => {
  const header = answerChallenge(
    { realm: 'testrealm@host.com', nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093' },
    { user: 'Mufasa', password: 'Circle Of Life' },
    { method: 'GET', uri: '/dir/index.html', clientNonce: '0a4f113b', count: 1 },
  )
  expect(header).toContain('response="6629fae49393a05397450978507c4ef1"')
  expect(header).toContain('nc=00000001')
})
