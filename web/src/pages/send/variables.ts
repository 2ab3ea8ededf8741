// Values of template variables as they are typed, and as the API takes them.
import type { Schema } from '@/api/contract'

export type Variable = Pick<Schema<'TemplateVariable'>, 'name'> & Partial<Schema<'TemplateVariable'>>

export function sampleTexts(variables: Variable[]): Record<string, string> {
  return Object.fromEntries(variables.map((variable) => [variable.name, asText(variable.sample)]))
}

export function asText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The typed value; a text that does not fit the type is passed on as it is, so that the server names the mistake. */
export function asValue(variable: Variable, text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  switch (variable.type) {
    case 'integer': case 'number': return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : text
    case 'boolean': return trimmed === 'true' ? true : trimmed === 'false' ? false : text
    case 'list': case 'object':
      try { return JSON.parse(trimmed) } catch { return text }
    default: return text
  }
}

export function asValues(variables: Variable[], texts: Record<string, string>): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const variable of variables) {
    const value = asValue(variable, texts[variable.name] ?? '')
    if (value !== undefined) values[variable.name] = value
  }
  return values
}

/** Required ones that are empty. */
export const missing = (variables: Variable[], texts: Record<string, string>): string[] =>
  variables.filter((variable) => variable.required !== false && !(texts[variable.name] ?? '').trim()).map((variable) => variable.name)
