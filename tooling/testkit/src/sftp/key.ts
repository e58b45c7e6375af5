import { createHash, generateKeyPairSync } from 'node:crypto'

/** A pair of ed25519 keys, for a host or a user. */
export interface SftpKey {
  /** In the format of OpenSSH. */
  readonly privateKey: string
  /** As a line of authorized_keys: type and base64. */
  readonly publicKey: string
  /** `SHA256:…`, as ssh-keygen prints it. */
  readonly fingerprint: string
}

const TYPE = 'ssh-ed25519'
const PADDED_TO = 8
const LINE_LENGTH = 70

/** Written by hand, since Node does not write OpenSSH's format of private keys. */
export function makeSftpKey(): SftpKey {
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const [open, secret] = [Buffer.from(x ?? '', 'base64url'), Buffer.from(d ?? '', 'base64url')]
  const blob = Buffer.concat([text(TYPE), text(open)])
  const check = number(1)
  const pair = Buffer.concat([check, check, text(TYPE), text(open), text(Buffer.concat([secret, open])), text('')])
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, (PADDED_TO - (pair.length % PADDED_TO)) % PADDED_TO)
  const body = Buffer.concat([
    ...[Buffer.from('openssh-key-v1\0'), text('none'), text('none'), text(''), number(1)],
    ...[text(blob), text(Buffer.concat([pair, padding]))],
  ])
  const lines = body.toString('base64').match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? []
  return {
    privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    publicKey: `${TYPE} ${blob.toString('base64')}`,
    fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** With its length in front. */
function text(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([number(bytes.length), bytes])
}
