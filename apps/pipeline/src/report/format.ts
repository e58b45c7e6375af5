const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** `1.3 MB` */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${power === 0 ? value : value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[power] ?? 'B'}`
}

/** `34 ms`, `8.2 s`, `3 min 5 s`, `2 h 14 min`, `3 d 4 h` */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const [size, major, minor] = seconds < 3600 ? SPLITS[0] : seconds < 86_400 ? SPLITS[1] : SPLITS[2]
  const rest = Math.floor((seconds % size) / (size === 60 ? 1 : size === 3600 ? 60 : 3600))
  return `${Math.floor(seconds / size)} ${major}${rest === 0 ? '' : ` ${rest} ${minor}`}`
}

const SPLITS = [
  [60, 'min', 's'],
  [3600, 'h', 'min'],
  [86_400, 'd', 'h'],
] as const

/** `2026-11-21 09:08:42 UTC` */
export function formatInstant(ms: number): string {
  return `${toIso(ms).slice(0, 19).replace('T', ' ')} UTC`
}

export function toIso(ms: number): string {
  return new Date(ms).toISOString()
}

/** `10,000` */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}
