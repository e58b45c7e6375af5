export { makeSftpKey, type SftpKey } from './sftp/key.js'
export { type SftpServer, type SftpServerOptions, startSftpServer } from './sftp/openssh-server.js'
export {
  type PasswordSftpServer,
  type PasswordSftpServerOptions,
  startPasswordSftpServer,
} from './sftp/password-server.js'
export { startTcpProxy, type TcpProxy } from './sftp/tcp-proxy.js'
