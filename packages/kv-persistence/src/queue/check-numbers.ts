export function positive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number from 1, not ${value}`)
}

export function notNegative(name: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) throw new RangeError(`${name} must be 0 or more, not ${value}`)
}

export function moreThanZero(seconds: number): void {
  if (!(seconds > 0 && Number.isFinite(seconds)))
    throw new RangeError(`A lease takes more than 0 seconds, not ${seconds}`)
}
