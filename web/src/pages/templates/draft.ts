// What is being edited: a template as its form has it, kept across the code and the visual editor and, in this tab, across
// reloads. Saving makes a request of it; the server decides what is right.
import { reactive, toRaw } from 'vue'
import type { Schema } from '@/api/contract'
import { sampleText } from './variables'
import type { Channel, Options, Template, Variable, Version } from './types'

export interface Draft {
  name: string
  title: string
  channel: Channel
  subject: string
  content: string
  html: string
  variables: Variable[]
  status: 'active' | 'disabled'
  options: Options
  on_unknown: '' | 'send_again' | 'hold'
  design: string
}

export interface Held {
  draft: Draft
  saved: string
  base?: Template
  /** What the next version changes, in its author's words. */
  comment?: string
  /** It comes from the other editor: nothing to remind of. */
  carried?: boolean
}

export const emptyDraft = (channel: Channel): Draft => ({
  name: '', title: '', channel, subject: '', content: '', html: '', variables: [], status: 'active', options: {}, on_unknown: '', design: '',
})

const asText = (variable: Variable): Variable => ({
  name: variable.name, type: variable.type ?? 'string', required: variable.required ?? true, sample: sampleText(variable),
  description: variable.description ?? '', max_length: variable.max_length ?? null,
})

export function draftOf(template: Template): Draft {
  return {
    name: template.name, title: template.title ?? '', channel: template.channel, subject: template.subject, content: template.content,
    html: template.html ?? '', variables: template.variables.map(asText), status: template.status,
    options: { ...(template.options as Options | undefined) }, on_unknown: template.on_unknown ?? '', design: template.design ?? '',
  }
}

/** The draft with the texts of a version: rolling back is saving that. */
export function withVersion(draft: Draft, version: Version): Draft {
  return {
    ...draft, subject: version.subject, content: version.content, html: version.html ?? '', variables: version.variables.map(asText),
    options: { ...(version.options as Options | undefined) }, design: version.design ?? '',
  }
}

function variableOf(variable: Variable) {
  return {
    name: variable.name, type: variable.type ?? 'string', required: variable.required ?? true,
    ...(sampleText(variable) === '' ? {} : { sample: sampleText(variable) }),
    ...(variable.description ? { description: variable.description } : {}),
    ...(variable.max_length ? { max_length: variable.max_length } : {}),
  }
}

/** What a preview takes: all but what only the saved template has. */
export function previewOf(draft: Draft, variables: Variable[] = draft.variables) {
  return {
    channel: draft.channel, subject: draft.subject, content: draft.content,
    ...(draft.channel === 'email' && draft.html ? { html: draft.html } : {}),
    variables: variables.map(variableOf),
    ...(Object.keys(draft.options).length ? { options: toRaw(draft.options) as Record<string, never> } : {}),
  }
}

/** A change without a member leaves or empties it on the server; so everything that can be emptied is always sent. */
export function requestOf(draft: Draft, hadDesign: boolean): Schema<'TemplateRequest'> {
  return {
    ...previewOf(draft), name: draft.name.trim(), title: draft.title.trim(), status: draft.status,
    ...(draft.channel === 'email' ? { html: draft.html } : {}),
    options: toRaw(draft.options) as Record<string, never>,
    on_unknown: draft.on_unknown === '' ? null : draft.on_unknown,
    ...(draft.design || hadDesign ? { design: draft.design } : {}),
  }
}

export const textOf = (draft: Draft): string => JSON.stringify(draft)
export const isDirty = (held: Held): boolean => textOf(held.draft) !== held.saved

const KEPT = 'hongyan.template.'
const held = new Map<string, Held>()

/** The draft of this key: the one that is being edited, or one that a reload interrupted; else nothing. */
export function findDraft(key: string, storage: Storage = sessionStorage): Held | undefined {
  const known = held.get(key)
  if (known) return known
  const text = storage.getItem(KEPT + key)
  if (!text) return undefined
  try {
    const kept = JSON.parse(text) as Held
    if (!kept.draft?.channel || typeof kept.draft.content !== 'string') throw new Error('not a draft')
    const draft = { ...emptyDraft(kept.draft.channel), ...kept.draft }
    return putDraft(key, { draft, saved: kept.saved, base: kept.base, comment: kept.comment })
  } catch {
    storage.removeItem(KEPT + key)
    return undefined
  }
}

export function putDraft(key: string, next: Held): Held {
  const mine = reactive({ ...next }) as Held
  held.set(key, mine)
  return mine
}

export function keepDraft(key: string, next: Held, storage: Storage = sessionStorage): void {
  try {
    if (isDirty(next)) storage.setItem(KEPT + key, JSON.stringify(next))
    else storage.removeItem(KEPT + key)
  } catch {
    // The storage is full: the draft lives in this page only.
  }
}

export function dropDraft(key: string, storage: Storage = sessionStorage): void {
  held.delete(key)
  storage.removeItem(KEPT + key)
}
