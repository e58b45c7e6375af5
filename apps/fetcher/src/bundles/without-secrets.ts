const SECRET_NAME =
  /token|secret|passw|pwd|signature|credential|auth|session|(?:^|[-_.])(?:api)?key(?:$|[-_.])|apikey|^sig$|^code$/i
const HIDDEN = 'REDACTED'

/**
 * A URL, or a text with one, in which user, password and the values of parameters that look like credentials are replaced; `secrets` are replaced wherever
 * they stand. The fragment goes.
 *
 * @example withoutSecrets('https://me:pw@host/a?api_key=1&page=2') // 'https://host/a?api_key=REDACTED&page=2'
 */
export function withoutSecrets(text: string, secrets: readonly string[] = []): string {
  let shown = hasScheme(text) ? cleanUrl(text) : text
  for (const secret of secrets) {
    if (secret.length < 4) continue
    for (const form of new Set([secret, encodeURIComponent(secret)])) shown = shown.replaceAll(form, HIDDEN)
  }
  return shown
}

function hasScheme(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
}

/** By hand, so that what need not change stays as it was sent. */
function cleanUrl(url: string): string {
  const [beforeFragment = ''] = url.split('#', 1)
  const [beforeQuery = ''] = beforeFragment.split('?', 1)
  const query = beforeFragment.slice(beforeQuery.length + 1)
  const cleaned = beforeQuery.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1')
  if (query === '') return cleaned
  return `${cleaned}?${query.split('&').map(cleanParameter).join('&')}`
}

function cleanParameter(parameter: string): string {
  const [name = ''] = parameter.split('=', 1)
  return SECRET_NAME.test(decode(name)) && parameter.length > name.length ? `${name}=${HIDDEN}` : parameter
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
