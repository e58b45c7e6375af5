function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** The request is somebody else's by now. */
export function isLeaseLost(error: unknown): boolean {
  return codeOf(error) === 'ERR_LEASE_LOST'
}

/** Every other request would fail of it, too: the store or the place of the output cannot be used. No attempt is to be used up by it. */
export function isFatal(error: unknown): boolean {
  const code = codeOf(error)
  if (code.startsWith('ERR_KV_') || code === 'ERR_BUNDLE_STORE' || code === 'ERR_ATOMIC_FILE') return true
  return LOCAL_TROUBLE.has(code)
}

/** The server does not take our credentials, is not the one we know, or wants no requests for a long time: the locator cannot go on. */
export function isRefused(error: unknown): boolean {
  const code = codeOf(error)
  if (code === 'ERR_SFTP_AUTH' || code === 'ERR_SFTP_HOST_KEY' || code === 'ERR_RATE_LIMIT_PAUSED') return true
  if (code === 'ERR_HTTP_AUTH') return error instanceof Error && 'retryable' in error && error.retryable === false
  return code === 'ERR_HTTP_STATUS' && error instanceof Error && 'status' in error && error.status === 401
}

/** Of the local disk; those of a network do not come without a code of their own. */
const LOCAL_TROUBLE: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'ENOTDIR',
  'EEXIST',
  'ENOTEMPTY',
])
