// Short names of what the API calls by long ones, with the members that older servers do not send.
import type { Channel, Schema } from '@/api/contract'

export type Variable = Schema<'TemplateVariable'>
export type VariableType = NonNullable<Variable['type']>
/** `design`: what the visual editor made; servers before it has no such member. */
export type Template = Schema<'Template'> & { design?: string }
export type Version = Schema<'TemplateVersion'> & { design?: string }
export type Preview = Schema<'Preview'>
export type Segments = Schema<'SmsSegments'>
export type Cost = Schema<'Cost'>
export type Provider = Schema<'Provider'>
export type { Channel }

export const VARIABLE_TYPES = ['string', 'number', 'integer', 'boolean', 'date', 'url', 'list', 'object'] as const satisfies readonly VariableType[]
export type Options = Record<string, unknown>
