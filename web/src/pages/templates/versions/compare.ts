// What of a template differs between two versions, field by field, as texts that can be put side by side.
import { sampleText } from '../variables'
import type { Variable } from '../types'

export interface Texts { subject: string; content: string; html?: string; variables: Variable[]; options?: unknown }
export const FIELDS = ['content', 'html', 'subject', 'variables', 'options'] as const
export type Field = (typeof FIELDS)[number]

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]))
}

/** A line for each variable, so that a change of one is a change of one line. */
const variableLine = (variable: Variable) => `${variable.name}: ${variable.type ?? 'string'}${variable.required === false ? '?' : ''}${variable.max_length ? ` ≤ ${variable.max_length}` : ''}${sampleText(variable) ? ` = ${sampleText(variable)}` : ''}${variable.description ? `  # ${variable.description}` : ''}`

export function fieldText(texts: Texts, field: Field): string {
  if (field === 'variables') return texts.variables.map(variableLine).join('\n')
  if (field === 'options') return texts.options && Object.keys(texts.options).length ? JSON.stringify(sorted(texts.options), null, 2) : ''
  return texts[field] ?? ''
}

export const changedFields = (before: Texts, after: Texts): Field[] => FIELDS.filter((field) => fieldText(before, field) !== fieldText(after, field))
