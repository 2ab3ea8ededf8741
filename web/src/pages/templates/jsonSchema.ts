// Checks a value against the JSON Schemas that providers publish for their section of a message's options: as much of the
// language as those use. Texts with a {{ variable }} are checked by the server, which knows what they become.
export interface JsonSchema {
  type?: string | string[]
  title?: string
  description?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean | JsonSchema
  items?: JsonSchema
  enum?: unknown[]
  oneOf?: JsonSchema[]
  $ref?: string
  $defs?: Record<string, JsonSchema>
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  maxProperties?: number
  pattern?: string
  default?: unknown
  examples?: unknown[]
}
export interface SchemaProblem { path: string; key: 'type' | 'unknown' | 'required' | 'enum' | 'range' | 'length' | 'items' | 'pattern'; detail: string }

const PROBLEMS_MAX = 20
const DEPTH_MAX = 24
const isTemplate = (value: unknown) => typeof value === 'string' && /\{[{%#]/.test(value)

function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

export function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = schema.$ref?.match(/^#\/\$defs\/(.+)$/)?.[1]
  return name ? (root.$defs?.[name] ?? {}) : schema
}

export function checkSchema(value: unknown, root: JsonSchema): SchemaProblem[] {
  const problems: SchemaProblem[] = []
  visit(value, root, root, '', problems, 0)
  return problems.slice(0, PROBLEMS_MAX)
}

function visit(value: unknown, raw: JsonSchema, root: JsonSchema, path: string, problems: SchemaProblem[], depth: number): void {
  if (problems.length >= PROBLEMS_MAX || depth > DEPTH_MAX) return
  const schema = resolve(raw, root)
  const add = (key: SchemaProblem['key'], detail: string, at = path) => problems.push({ path: at, key, detail })
  if (schema.oneOf) {
    const fitting = schema.oneOf.some((each) => { const found: SchemaProblem[] = []; visit(value, each, root, path, found, depth + 1); return found.length === 0 })
    if (!fitting) visit(value, schema.oneOf.find((each) => resolve(each, root).type !== 'null') ?? {}, root, path, problems, depth + 1)
    return
  }
  // A text with variables may become anything a text can be; for other types the server says what it makes of it.
  if (isTemplate(value)) return
  const types = schema.type === undefined ? undefined : Array.isArray(schema.type) ? schema.type : [schema.type]
  const own = typeName(value)
  if (types && !types.includes(own) && !(own === 'integer' && types.includes('number'))) return void add('type', types.filter((type) => type !== 'null').join(', '))
  if (schema.enum && !schema.enum.includes(value)) return void add('enum', schema.enum.filter((each) => each !== null && each !== '').map(String).join(', '))
  if (typeof value === 'number') {
    if ((schema.minimum !== undefined && value < schema.minimum) || (schema.maximum !== undefined && value > schema.maximum)) add('range', `${schema.minimum ?? ''} … ${schema.maximum ?? ''}`)
  } else if (typeof value === 'string') {
    const length = Array.from(value).length
    if ((schema.minLength !== undefined && length < schema.minLength) || (schema.maxLength !== undefined && length > schema.maxLength)) add('length', `${schema.minLength ?? 0} … ${schema.maxLength ?? ''}`)
    if (schema.pattern && !safeMatch(schema.pattern, value)) add('pattern', schema.pattern)
  } else if (Array.isArray(value)) {
    if ((schema.minItems !== undefined && value.length < schema.minItems) || (schema.maxItems !== undefined && value.length > schema.maxItems)) add('items', `${schema.minItems ?? 0} … ${schema.maxItems ?? ''}`)
    if (schema.items) value.forEach((item, at) => visit(item, schema.items as JsonSchema, root, `${path}[${at}]`, problems, depth + 1))
  } else if (value !== null && typeof value === 'object') visitObject(value as Record<string, unknown>, schema, root, path, problems, depth)
}

function visitObject(value: Record<string, unknown>, schema: JsonSchema, root: JsonSchema, path: string, problems: SchemaProblem[], depth: number): void {
  const at = (name: string) => (path ? `${path}.${name}` : name)
  for (const name of schema.required ?? []) if (!(name in value)) problems.push({ path: at(name), key: 'required', detail: '' })
  for (const [name, member] of Object.entries(value)) {
    const known = Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined
    if (known) visit(member, known, root, at(name), problems, depth + 1)
    else if (schema.additionalProperties === false) problems.push({ path: at(name), key: 'unknown', detail: Object.keys(schema.properties ?? {}).slice(0, 12).join(', ') })
    else if (schema.additionalProperties && typeof schema.additionalProperties === 'object') visit(member, schema.additionalProperties, root, at(name), problems, depth + 1)
  }
  if (schema.maxProperties !== undefined && Object.keys(value).length > schema.maxProperties) problems.push({ path, key: 'items', detail: `0 … ${schema.maxProperties}` })
}

function safeMatch(pattern: string, value: string): boolean {
  try { return new RegExp(pattern, 'u').test(value) } catch { return true }
}

/** Something to begin with for a member: its example, its default, or what is empty of its type. */
export function exampleOf(raw: JsonSchema, root: JsonSchema): unknown {
  const schema = resolve(raw.oneOf?.find((each) => each.type !== 'null') ?? raw, root)
  if (schema.examples?.length) return schema.examples[0]
  if (schema.default !== undefined && schema.default !== null) return schema.default
  const type = Array.isArray(schema.type) ? schema.type.find((each) => each !== 'null') : schema.type
  if (schema.enum) return schema.enum.find((each) => each) ?? ''
  switch (type) {
    case 'boolean': return true
    case 'integer': case 'number': return schema.minimum ?? 0
    case 'array': return schema.items ? [exampleOf(schema.items, root)] : []
    case 'object': return Object.fromEntries((schema.required ?? []).map((name) => [name, exampleOf(schema.properties?.[name] ?? {}, root)]))
    default: return ''
  }
}
