import { readFileSync } from 'node:fs'
import { closest } from 'fastest-levenshtein'
import { LineCounter, isCollection, isMap, isNode, isScalar, parseDocument, type Document } from 'yaml'
import { z } from 'zod'
import { InvalidInputError, messageOf } from '../errors.js'

/** A config that cannot be used: says which file, line and column, which key, and what to write instead. */
export class ConfigError extends InvalidInputError {
  override readonly code = 'invalid_config'
}

/** Configs are written by hand; a larger file is a mistake. */
const largestConfigBytes = 1024 * 1024

/**
 * Parses YAML (or JSON) text and checks it against a schema; `name` stands for the file in messages.
 * @throws ConfigError naming file, line, column, the key, and for an unknown key the nearest known one.
 */
export function parseYaml<Schema extends z.ZodType>(text: string, name: string, schema: Schema): z.output<Schema> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const syntax = document.errors[0]
  if (syntax) throw new ConfigError(`${name}:${place(lines, syntax.pos[0])}: ${syntax.message}`)
  const parsed = schema.safeParse(toPlain(document, name))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const { path, message } = describe(issue, schema)
  throw new ConfigError(`${name}:${place(lines, offsetOf(document, path))}: ${message}`, { file: name, key: path.join('.') })
}

/** Text of a config file. @throws ConfigError where it cannot be read, is too large or not UTF-8. */
export function readConfigText(path: string): string {
  try {
    const text = readFileSync(path)
    if (text.length > largestConfigBytes) throw new ConfigError(`${path}: a config of ${text.length} bytes; the limit is ${largestConfigBytes}`)
    return new TextDecoder('utf-8', { fatal: true }).decode(text)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`cannot read the config ${path}: ${messageOf(error)}`, { file: path })
  }
}

function toPlain(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown
  } catch (error) {
    throw new ConfigError(`${name}: ${messageOf(error)}`, { file: name })
  }
}

/** Path of the key at fault, and a message that names it; an unknown key comes with the nearest known one. */
function describe(issue: z.core.$ZodIssue, schema: z.ZodType): { path: PropertyKey[]; message: string } {
  if (issue.code !== 'unrecognized_keys') {
    const key = issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''
    return { path: issue.path, message: `${key}${issue.message}` }
  }
  const unknown = issue.keys[0]
  const known = keysAt(schema, issue.path)
  const nearest = known.length > 0 ? `; did you mean '${closest(unknown, known)}'? (known here: ${known.join(', ')})` : ''
  return { path: [...issue.path, unknown], message: `unknown key '${[...issue.path, unknown].join('.')}'${nearest}` }
}

/** The keys that the schema knows at a path. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let node = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchemaNode
  for (const step of path) {
    const next = typeof step === 'number' ? node.items : node.properties?.[String(step)]
    if (next === undefined) return []
    node = next
  }
  return Object.keys(node.properties ?? {})
}

interface JsonSchemaNode {
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>
  readonly items?: JsonSchemaNode
}

/** Where the value (or, for an unknown key, the key itself) stands in the text; the nearest enclosing value if it is absent. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === path[length - 1])
      if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0]
    }
    const node = isCollection(parent) ? parent.get(path[length - 1], true) : undefined
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

function place(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset)
  return `${Math.max(1, line)}:${Math.max(1, col)}`
}
