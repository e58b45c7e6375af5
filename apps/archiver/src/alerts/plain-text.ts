/**
 * Text from files, stores and servers that goes into headers, mails and chats: one line, without control characters and without what turns the direction of
 * writing around, cut to a length.
 */
export function plainLine(text: string, maxLength: number = MAX_LINE): string {
  const line = text.replace(UNSAFE, ' ').replace(/ {2,}/g, ' ').trim()
  const characters = [...line.slice(0, 2 * maxLength + 2)]
  return characters.length <= maxLength ? line : `${characters.slice(0, maxLength - 1).join('')}…`
}

const MAX_LINE = 500
// C0, DEL, C1, line separators, marks and overrides of direction, byte order mark, halves of a surrogate pair.
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
