import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { errorCode, readTextFile } from '@holdfast/atomic-file'
import { isNode, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { DefinitionError } from '../errors.js'
import type { Pipeline } from '../pipeline.js'
import { pipelineFileSchema, pipelineModuleSchema } from './definition-schema.js'
import { formatPath, type Mistake } from './mistake.js'
import { suggestName } from './nearest-name.js'
import { toPipeline } from './to-pipeline.js'

const MODULE = /\.[mc]?[jt]s$/

/**
 * Reads a pipeline from a YAML file, or from a module (`.ts`, `.js`, …) whose default export `definePipeline` has made.
 *
 * @throws DefinitionError that names every mistake with its line
 */
export async function loadPipeline(path: string): Promise<Pipeline> {
  return MODULE.test(path) ? loadModule(path) : loadYaml(path)
}

/** Checks a definition that a program has made. @throws DefinitionError */
export function checkPipeline(definition: unknown, source: string, folder: string): Pipeline {
  return check(definition, { source, folder, schema: pipelineModuleSchema, lineOf: undefined })
}

async function loadYaml(path: string): Promise<Pipeline> {
  const text = await readDefinition(path)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [broken] = document.errors
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0])
    throw new DefinitionError(
      `Cannot read the pipeline '${path}': line ${line}, column ${col}: ${broken.message.split('\n')[0]}`,
    )
  }
  const lineOf = (keys: readonly PropertyKey[]): number => {
    for (let length = keys.length; length > 0; length -= 1) {
      const node: unknown = document.getIn(keys.slice(0, length), true)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  let data: unknown
  try {
    data = document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new DefinitionError(`Cannot read the pipeline '${path}': ${messageOf(cause)}`, { cause })
  }
  return check(data, { source: path, folder: dirname(resolve(path)), schema: pipelineFileSchema, lineOf })
}

async function readDefinition(path: string): Promise<string> {
  try {
    return await readTextFile(path)
  } catch (cause) {
    const reason = errorCode(cause) === 'ENOENT' ? 'there is no such file' : messageOf(cause)
    throw new DefinitionError(`Cannot read the pipeline '${path}': ${reason}`, { cause })
  }
}

async function loadModule(path: string): Promise<Pipeline> {
  let loaded: { readonly default?: unknown }
  try {
    loaded = (await import(pathToFileURL(resolve(path)).href)) as { readonly default?: unknown }
  } catch (cause) {
    throw new DefinitionError(`Cannot load the pipeline '${path}': ${messageOf(cause)}`, { cause })
  }
  if (loaded.default === undefined) {
    const hint = 'Write: export default definePipeline({ … })'
    throw new DefinitionError(`The module '${path}' has no default export`, { hint })
  }
  return checkPipeline(loaded.default, path, dirname(resolve(path)))
}

interface CheckOptions {
  readonly source: string
  readonly folder: string
  readonly schema: typeof pipelineFileSchema | typeof pipelineModuleSchema
  readonly lineOf: ((path: readonly PropertyKey[]) => number) | undefined
}

function check(definition: unknown, { source, folder, schema, lineOf }: CheckOptions): Pipeline {
  const parsed = schema.safeParse(definition)
  if (!parsed.success)
    throw explain(
      parsed.error.issues.flatMap((issue) => toMistakes(issue)),
      source,
      lineOf,
    )
  const { pipeline, mistakes } = toPipeline(parsed.data, { source, folder })
  if (mistakes.length > 0) throw explain(mistakes, source, lineOf)
  return pipeline
}

function explain(mistakes: readonly Mistake[], source: string, lineOf: CheckOptions['lineOf']): DefinitionError {
  const texts = mistakes
    .map(({ path, message }) => ({
      line: lineOf?.(path) ?? 0,
      text: `${formatPath(path) || 'the pipeline'}: ${message}`,
    }))
    .sort((one, other) => one.line - other.line)
    .map(({ line, text }) => (lineOf === undefined ? `  ${text}` : `  line ${line}: ${text}`))
  const count = texts.length === 1 ? 'one mistake' : `${texts.length} mistakes`
  return new DefinitionError([`The pipeline '${source}' has ${count}:`, ...new Set(texts)].join('\n'))
}

/** In a choice between forms, what is said about the one that fits best. */
function toMistakes(issue: z.core.$ZodIssue, prefix: readonly PropertyKey[] = []): Mistake[] {
  const path = [...prefix, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: `there is no such key${suggestName(key, KEYS)}` }))
  }
  if (issue.code !== 'invalid_union') return [{ path, message: lowerFirst(issue.message) }]
  const closest = issue.errors
    .filter((errors) => errors.every(({ code, path: inner }) => code !== 'invalid_type' || inner.length > 0))
    .sort((one, other) => one.length - other.length)[0]
  if (closest === undefined) return [{ path, message: 'has the wrong form; see the documentation of the file' }]
  return closest.flatMap((inner) => toMistakes(inner, path))
}

const KEYS = Object.keys({ ...pipelineFileSchema.shape, ...pipelineFileSchema.shape.phases.element.shape })

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
