import { getMember, isJsonObject, type JsonObject, type JsonValue } from '../json.js'
import { JsonPatcher, type JsonPatchOperation } from '../json-patch.js'
import { parsePointer } from '../json-path.js'
import { harmless, shorten, toJson } from './harmless.js'

/** The changes for people, one a line: `+` added, `-` removed, `~` replaced. What is long is shortened. */
export function renderChanges(before: JsonObject, patch: readonly JsonPatchOperation[]): string {
  const lines: string[] = []
  const patcher = new JsonPatcher(before)
  for (const operation of patch.slice(0, MAX_CHANGES)) {
    const old = findValue(patcher.finish(), operation.path)
    lines.push(renderChange(operation, old))
    patcher.apply([operation])
  }
  if (patch.length > MAX_CHANGES) lines.push(`… and ${patch.length - MAX_CHANGES} more; --json shows all`)
  return lines.map((line) => `${line}\n`).join('')
}

/** `3 changes`. */
export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** The value at the place; `undefined` when there is none. */
export function findValue(document: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = document
  for (const segment of parsePointer(pointer)) {
    if (Array.isArray(value)) value = /^(0|[1-9]\d*)$/.test(segment) ? value[Number(segment)] : undefined
    else value = isJsonObject(value) ? getMember(value, segment) : undefined
    if (value === undefined) return undefined
  }
  return value
}

function renderChange(operation: JsonPatchOperation, old: JsonValue | undefined): string {
  const place = operation.path === '' ? '(the document)' : harmless(operation.path)
  if (operation.op === 'remove') return `- ${place}: ${renderValue(old)}`
  if (operation.op === 'add') return `+ ${place}: ${renderValue(operation.value)}`
  return `~ ${place}: ${renderValue(old)} -> ${renderValue(operation.value)}`
}

function renderValue(value: JsonValue | undefined): string {
  return shorten(toJson(value, 0), MAX_VALUE_LENGTH)
}

const MAX_CHANGES = 200
const MAX_VALUE_LENGTH = 120
