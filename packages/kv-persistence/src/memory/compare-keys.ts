/** Orders keys by code points, which is the order of their UTF-8 bytes; `<` orders by UTF-16 units, which differs behind U+D7FF. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const x = a.charCodeAt(index)
    const y = b.charCodeAt(index)
    if (x !== y) return weight(x) - weight(y)
  }
  return a.length - b.length
}

/** Surrogates stand for code points behind the rest of the first plane. */
function weight(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
