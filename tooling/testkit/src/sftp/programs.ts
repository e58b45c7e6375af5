import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { unpackDebianPackage } from '../debian-packages.js'

/** The two programs of OpenSSH, and where their libraries are if that is not where the system looks. */
export interface OpenSshPrograms {
  readonly sshd: string
  readonly sftpServer: string
  readonly libraries: string | undefined
}

/** Those of the system, or Debian's, unpacked without root. Throws where none can be had: a test that needs a server is never left out. */
export function findOpenSsh(): OpenSshPrograms {
  const path = (process.env['PATH'] ?? '').split(delimiter)
  const sshd = findIn([...path, '/usr/sbin', '/usr/local/sbin'], 'sshd')
  const sftpServer = findIn([...path, '/usr/lib/openssh', '/usr/libexec', '/usr/libexec/openssh'], 'sftp-server')
  if (sshd !== undefined && sftpServer !== undefined) return { sshd, sftpServer, libraries: undefined }
  const { root, libraries } = unpackDebianPackage('openssh-server')
  return {
    sshd: join(root, 'usr/sbin/sshd'),
    sftpServer: join(root, 'usr/lib/openssh/sftp-server'),
    libraries,
  }
}

function findIn(folders: readonly string[], name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
}
