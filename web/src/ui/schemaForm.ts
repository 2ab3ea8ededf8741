// What a form needs to know of a JSON Schema: the fields of an object, in order, with how each is asked for. Values that are
// left empty are left out, so that the server's defaults hold.
export interface JsonSchema {
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  enum?: unknown[]
  items?: JsonSchema
  title?: string
  description?: string
  default?: unknown
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
  format?: string
  writeOnly?: boolean
}
export type FieldKind = 'text' | 'long' | 'secret' | 'number' | 'choice' | 'flag' | 'list' | 'json'
export interface FormField { name: string; kind: FieldKind; required: boolean; schema: JsonSchema; choices: string[] }

const LONG_TEXT = 512
function typesOf(schema: JsonSchema): string[] {
  return (Array.isArray(schema.type) ? schema.type : schema.type ? [schema.type] : []).filter((type) => type !== 'null')
}

export function kindOf(name: string, schema: JsonSchema): FieldKind {
  const types = typesOf(schema)
  if (schema.enum) return 'choice'
  if (types.includes('boolean')) return 'flag'
  if (types.includes('integer') || types.includes('number')) return 'number'
  if (types.includes('array')) return schema.items && typesOf(schema.items).every((type) => type === 'string') && typesOf(schema.items).length ? 'list' : 'json'
  if (types.includes('object') || !types.length) return 'json'
  if ((schema.maxLength ?? 0) > LONG_TEXT || /private_key|certificate|pem/i.test(name)) return 'long'
  return schema.writeOnly ? 'secret' : 'text'
}

/** Required ones first, then in the schema's order. */
export function fieldsOf(schema: JsonSchema | undefined): FormField[] {
  const required = new Set(schema?.required ?? [])
  const fields = Object.entries(schema?.properties ?? {}).map(([name, each]) => ({
    name, schema: each, kind: kindOf(name, each), required: required.has(name),
    choices: (each.enum ?? []).filter((choice) => choice !== null).map(String),
  }))
  return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)]
}

/** How a value stands in its field. */
export function toText(field: FormField, value: unknown): string {
  if (value === undefined || value === null) return ''
  if (field.kind === 'list' && Array.isArray(value)) return value.join('\n')
  if (field.kind === 'json') return JSON.stringify(value, null, 2)
  return String(value)
}

export class FieldError extends Error {}

/** What was typed as a value; undefined: nothing, leave it out. Throws a FieldError for what is no JSON or number. */
export function fromText(field: FormField, text: string): unknown {
  const kept = field.kind === 'long' || field.kind === 'secret' ? text : text.trim()
  if (kept === '') return undefined
  if (field.kind === 'number') {
    const value = Number(kept)
    if (!Number.isFinite(value)) throw new FieldError('number')
    return value
  }
  if (field.kind === 'flag') return kept === 'true'
  if (field.kind === 'list') return kept.split('\n').map((line) => line.trim()).filter(Boolean)
  if (field.kind === 'json') {
    try {
      return JSON.parse(kept)
    } catch {
      throw new FieldError('json')
    }
  }
  return kept
}
