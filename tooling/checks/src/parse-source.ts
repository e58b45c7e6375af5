import { parseSync, Visitor } from 'oxc-parser'

/** Something a file names as being elsewhere: an import, a re-export, `import.meta.resolve`, `new URL(…, import.meta.url)`. */
export interface Reference {
  readonly specifier: string
  /** Imported names that exist at run time; `*` for the whole module. */
  readonly values: readonly string[]
  readonly line: number
}

export interface MethodCall {
  readonly name: string
  readonly argumentCount: number
  readonly line: number
}

export interface ParsedSource {
  readonly references: readonly Reference[]
  readonly methodCalls: readonly MethodCall[]
  /** Lines of `export *` and of default exports. */
  readonly exportAll: readonly number[]
  readonly exportDefault: readonly number[]
  /** Lines of statements that are not re-exports. */
  readonly ownStatements: readonly number[]
}

interface StringNode {
  readonly type: string
  readonly value?: unknown
}

/** Reads what a JavaScript or TypeScript file refers to. @throws SyntaxError naming the file */
export function parseSource(path: string, text: string): ParsedSource {
  const { program, errors } = parseSync(path, text)
  const [error] = errors
  if (error !== undefined) throw new SyntaxError(`Cannot parse '${path}': ${error.message}`)
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length

  const references: Reference[] = []
  const methodCalls: MethodCall[] = []
  const exportAll: number[] = []
  const exportDefault: number[] = []
  const refer = (node: StringNode | undefined, values: readonly string[], start: number): void => {
    if (typeof node?.value === 'string') references.push({ specifier: node.value, values, line: lineOf(start) })
  }

  new Visitor({
    ImportDeclaration(node) {
      const values = node.specifiers.flatMap((specifier) => {
        if (node.importKind === 'type') return []
        if (specifier.type !== 'ImportSpecifier') return ['*']
        return specifier.importKind === 'type' ? [] : [exportedName(specifier.imported)]
      })
      refer(node.source, values, node.start)
    },
    ExportNamedDeclaration(node) {
      if (node.source === null) return
      const values = node.specifiers.filter((s) => node.exportKind !== 'type' && s.exportKind !== 'type')
      refer(
        node.source,
        values.map((s) => exportedName(s.local)),
        node.start,
      )
    },
    ExportAllDeclaration(node) {
      exportAll.push(lineOf(node.start))
      refer(node.source, node.exportKind === 'type' ? [] : ['*'], node.start)
    },
    ExportDefaultDeclaration(node) {
      exportDefault.push(lineOf(node.start))
    },
    ImportExpression(node) {
      refer(node.source, ['*'], node.start)
    },
    TSImportType(node) {
      refer(node.source, [], node.start)
    },
    CallExpression(node) {
      const { callee } = node
      if (callee.type === 'Identifier' && callee.name === 'require') refer(node.arguments[0], ['*'], node.start)
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return
      const { name } = callee.property
      if (callee.object.type === 'MetaProperty' && name === 'resolve') refer(node.arguments[0], ['*'], node.start)
      methodCalls.push({ name, argumentCount: node.arguments.length, line: lineOf(callee.property.start) })
    },
    NewExpression(node) {
      const [target] = node.arguments
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'URL' || node.arguments.length !== 2) return
      if (target?.type !== 'Literal' || typeof target.value !== 'string') return
      // In a URL a bare name is relative too.
      const specifier = /^(\.|\/|[a-z]+:)/.test(target.value) ? target.value : `./${target.value}`
      references.push({ specifier, values: ['*'], line: lineOf(node.start) })
    },
  }).visit(program)

  const ownStatements = program.body
    .filter((statement) => !('source' in statement && statement.source !== null && statement.type.startsWith('Export')))
    .filter((statement) => !(statement.type === 'ExportNamedDeclaration' && isEmptyExport(statement)))
    .map((statement) => lineOf(statement.start))
  return { references, methodCalls, exportAll, exportDefault, ownStatements }
}

function exportedName(node: { readonly type: string; readonly name?: string; readonly value?: unknown }): string {
  return node.name ?? String(node.value)
}

function isEmptyExport(node: { readonly declaration: unknown; readonly specifiers: readonly unknown[] }): boolean {
  return node.declaration === null && node.specifiers.length === 0
}
