import { createHash } from 'node:crypto'
import ssh2 from 'ssh2'

/** A pair of ed25519 keys, for a host or a user. */
export interface SftpKey {
  /** In the format of OpenSSH. */
  readonly privateKey: string
  /** As a line of authorized_keys: type and base64. */
  readonly publicKey: string
  /** `SHA256:…`, as ssh-keygen prints it. */
  readonly fingerprint: string
}

export function makeSftpKey(): SftpKey {
  const { private: privateKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519')
  const bytes = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')
  const fingerprint = `SHA256:${createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '')}`
  return { privateKey, publicKey, fingerprint }
}
