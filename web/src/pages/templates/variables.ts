// Values for previews: from the samples of the declared variables, as they are, as short or as long as they may be. A variable
// without a sample is written with marks around its name, so that the preview can show that something is missing there.
import type { Variable, VariableType } from './types'

export type SampleSet = 'typical' | 'shortest' | 'longest' | 'own'
export const SAMPLE_SETS = ['typical', 'shortest', 'longest', 'own'] as const satisfies readonly SampleSet[]
export type Values = Record<string, unknown>

// Private-use characters: no template and no sample has them.
const OPEN = '\uE000'
const CLOSE = '\uE001'
const ENCODED = /%EE%80%80(.*?)%EE%80%81/g
const MARKS = /\uE000([^\uE000\uE001]*)\uE001?|\uE001/g
/** What a text gets that says nothing of its length. */
export const ASSUMED_LENGTH = 64
const LONGEST_LIST = 50

export const mark = (name: string): string => OPEN + name + CLOSE
export interface Piece { text: string; missing: boolean }

/** The text in pieces: what is there, and the names of what is missing. */
export function splitMarks(marked: string): Piece[] {
  const text = marked.replace(ENCODED, (_, name: string) => mark(name))
  const pieces: Piece[] = []
  let from = 0
  for (const match of text.matchAll(MARKS)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), missing: false })
    if (match[1]) pieces.push({ text: match[1], missing: true })
    from = match.index + match[0].length
  }
  if (from < text.length) pieces.push({ text: text.slice(from), missing: false })
  return pieces
}
export const hasMarks = (text: string): boolean => text.includes(OPEN) || text.includes('%EE%80%80')
/** For places that show no pieces, as attributes and titles. */
export const plainMarks = (marked: string): string => splitMarks(marked).map((piece) => (piece.missing ? `⟦${piece.text}⟧` : piece.text)).join('')

export const typeOf = (variable: Variable): VariableType => variable.type ?? 'string'
const isText = (type: VariableType) => type === 'string' || type === 'url' || type === 'date'

/** The sample as text; the API shows it so, but takes any JSON value. */
export function sampleText(variable: Variable): string {
  const { sample } = variable
  if (sample === undefined || sample === null) return ''
  return typeof sample === 'string' ? sample : JSON.stringify(sample)
}

/** The value that a text stands for; undefined if there is none or it does not fit the type. */
export function parseValue(type: VariableType, text: string): unknown {
  if (text === '') return undefined
  if (isText(type)) return text
  let value: unknown
  try { value = JSON.parse(text) } catch { return undefined }
  switch (type) {
    case 'number': return typeof value === 'number' ? value : undefined
    case 'integer': return Number.isInteger(value) ? value : undefined
    case 'boolean': return typeof value === 'boolean' ? value : undefined
    case 'list': return Array.isArray(value) ? value : undefined
    default: return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : undefined
  }
}

/** Whether the text, if there is one, can be a value of this type. */
export function fits(type: VariableType, text: string): boolean {
  if (text === '') return true
  if (type === 'url') return /^https?:\/\/./i.test(text)
  if (type === 'date') return /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)
  return parseValue(type, text) !== undefined
}

const characters = (text: string) => Array.from(text)

function shortest(variable: Variable, value: unknown): unknown {
  switch (typeOf(variable)) {
    case 'string': return characters(String(value ?? 'x'))[0] ?? 'x'
    case 'number': case 'integer': return 0
    case 'list': return Array.isArray(value) ? value.slice(0, 1) : []
    default: return value
  }
}

function longest(variable: Variable, value: unknown): unknown {
  const most = variable.max_length ?? undefined
  switch (typeOf(variable)) {
    case 'string': {
      const pattern = characters(String(value || 'x'))
      const length = most ?? Math.max(ASSUMED_LENGTH, pattern.length)
      return Array.from({ length: Math.min(length, 4_000) }, (_, at) => pattern[at % pattern.length]).join('')
    }
    case 'integer': return 1_234_567_890
    case 'number': return 1_234_567.89
    case 'list': {
      const items = Array.isArray(value) && value.length ? value : []
      if (!items.length) return items
      const length = Math.max(items.length, Math.min(most ?? items.length, LONGEST_LIST))
      return Array.from({ length }, (_, at) => items[at % items.length])
    }
    default: return value
  }
}

/** Values of a set; what has none is left out, and the server takes something of the right type. */
export function valuesOf(variables: Variable[], set: SampleSet, own: Record<string, string> = {}): Values {
  const values: Values = {}
  for (const variable of variables) {
    if (!variable.name) continue
    const type = typeOf(variable)
    const text = set === 'own' ? (own[variable.name] ?? sampleText(variable)) : sampleText(variable)
    const value = parseValue(type, text)
    if (set === 'shortest' && variable.required === false) {
      // Not given: null would be "not given" too, but previews take the sample then. The shortest that can be said is empty.
      if (type === 'string') values[variable.name] = ''
      continue
    }
    const chosen = set === 'shortest' ? shortest(variable, value) : set === 'longest' ? longest(variable, value) : value
    if (chosen !== undefined) values[variable.name] = chosen
  }
  return values
}

/** Variables that nothing is known of: no sample, no value. */
export function missingNames(variables: Variable[], values: Values): string[] {
  return variables.filter((variable) => variable.name && values[variable.name] === undefined && sampleText(variable) === '').map((variable) => variable.name)
}

/** Declarations in which what is missing has a marked text as its sample. `all` declares numbers and others as texts as well. */
export function withMarks(variables: Variable[], missing: Iterable<string>, undeclared: Iterable<string>, all: boolean): Variable[] {
  const names = new Set(missing)
  const marked = variables.filter((variable) => variable.name).map((variable) => {
    if (!names.has(variable.name) || (!all && typeOf(variable) !== 'string')) return variable
    return { name: variable.name, type: 'string' as const, required: true, sample: mark(variable.name) }
  })
  for (const name of undeclared) marked.push({ name, type: 'string', required: true, sample: mark(name) })
  return marked
}

/** A type that a value of this name most likely has, for "declare it". */
export function guessType(name: string): VariableType {
  if (/(^|_)(url|link|href)$/i.test(name)) return 'url'
  if (/(^|_)(date|time|at|day)$/i.test(name)) return 'date'
  if (/(^|_)(count|days|number_of|quantity|qty|points)$/i.test(name)) return 'integer'
  if (/(^|_)(price|amount|sum|total|discount|rate)$/i.test(name)) return 'number'
  if (/(^|_)(items|list|lines|rows)$/i.test(name)) return 'list'
  if (/^(is|has)_/i.test(name)) return 'boolean'
  return 'string'
}
