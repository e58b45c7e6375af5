const SECRET_NAME = /passw(or)?d|token|secret|credential|api_?key|authorization|webhook_?url/i
/** Where a secret is kept is none, and messages have to name it. */
const PLACE_NAME = /(file|path|dir|directory)$/i
const SECRET_TABLE = /headers$/i
const USER_NAME = /user/i
const USER_INFO = /^[a-z][a-z0-9+.-]*:\/\/([^\s/]*)@/i

/**
 * The values in a configuration that must not be shown: those whose names say so, the values of header tables, and passwords in addresses.
 * Together with each go the texts that protocols make of a user name and a password.
 */
export function findSecrets(configuration: unknown): string[] {
  const found = new Set<string>()
  const visit = (value: unknown, name: string): void => {
    if (typeof value === 'string') {
      if (SECRET_NAME.test(name) && !PLACE_NAME.test(name)) found.add(value)
      for (const password of passwordsOfAddress(value)) found.add(password)
    } else if (typeof value === 'object' && value !== null) {
      const fields = Object.entries(value)
      // What is in a list is called what the list is called.
      for (const [key, field] of fields) visit(field, Array.isArray(value) ? name : key)
      if (SECRET_TABLE.test(name)) for (const [, field] of fields) if (typeof field === 'string') found.add(field)
      for (const text of loginTexts(fields)) found.add(text)
    }
  }
  visit(configuration, '')
  return [...found].filter((value) => value !== '')
}

function passwordsOfAddress(address: string): string[] {
  const userInfo = USER_INFO.exec(address)?.[1]
  const colon = userInfo?.indexOf(':') ?? -1
  if (userInfo === undefined || colon === -1) return []
  const password = userInfo.slice(colon + 1)
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    return [password]
  }
}

function loginTexts(fields: readonly (readonly [string, unknown])[]): string[] {
  const texts = (pattern: RegExp): string[] =>
    fields.flatMap(([name, value]) =>
      pattern.test(name) && !PLACE_NAME.test(name) && typeof value === 'string' ? [value] : [],
    )
  const passwords = texts(/passw(or)?d/i)
  return texts(USER_NAME).flatMap((user) =>
    passwords.flatMap((password) => [`${user}:${password}`, `\0${user}\0${password}`]),
  )
}
