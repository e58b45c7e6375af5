/** A whole number from 0 as text that sorts like the number. */
export function padNumber(value: number): string {
  return String(value).padStart(DIGITS, '0')
}

/** As many as the largest exact integer has. */
const DIGITS = 16
