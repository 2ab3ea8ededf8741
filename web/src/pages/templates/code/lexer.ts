// Finds the tags of the template language ({{ }}, {% %}, {# #}) and the words inside, for colours and completion. It forgives
// everything: what is half typed is coloured as far as it goes.
export type TokenKind = 'brace' | 'keyword' | 'name' | 'member' | 'filter' | 'text' | 'number' | 'operator' | 'comment' | 'raw'
export interface Token { kind: TokenKind; from: number; to: number }

export const KEYWORDS = ['and', 'elif', 'else', 'endfor', 'endif', 'endraw', 'false', 'for', 'if', 'in', 'loop', 'none', 'not', 'null', 'or', 'raw', 'true'] as const
const WORDS = new Set<string>(KEYWORDS)
const INSIDE = /\s+|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|\d+(?:\.\d+)?|[\p{L}_][\p{L}\p{N}_]*|[=!<>]=|[|.(),[\]<>+\-*/=:%]|./suy

function pushInside(text: string, from: number, to: number, tokens: Token[]): void {
  const source = text.slice(from, to)
  INSIDE.lastIndex = 0
  let before = ''
  for (let match = INSIDE.exec(source); match; match = INSIDE.exec(source)) {
    const word = match[0]
    const start = from + match.index
    if (/^\s/.test(word)) continue
    const kind = kindOf(word, before)
    tokens.push({ kind, from: start, to: start + word.length })
    before = word
  }
}

function kindOf(word: string, before: string): TokenKind {
  if (/^["']/.test(word)) return 'text'
  if (/^\d/.test(word)) return 'number'
  if (!/^[\p{L}_]/u.test(word)) return 'operator'
  if (before === '|') return 'filter'
  if (before === '.') return 'member'
  return WORDS.has(word) ? 'keyword' : 'name'
}

const CLOSE = { '{{': '}}', '{%': '%}', '{#': '#}' } as const

export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const start = nextOpening(text, at)
    if (start < 0) break
    const opening = text.slice(start, start + 2) as keyof typeof CLOSE
    const end = text.indexOf(CLOSE[opening], start + 2)
    const stop = end < 0 ? text.length : end
    const next = end < 0 ? text.length : end + 2
    if (opening === '{#') {
      tokens.push({ kind: 'comment', from: start, to: next })
    } else {
      tokens.push({ kind: 'brace', from: start, to: start + 2 })
      pushInside(text, start + 2, stop, tokens)
      if (end >= 0) tokens.push({ kind: 'brace', from: end, to: next })
    }
    at = next
    if (opening === '{%' && /^-?\s*raw\b/.test(text.slice(start + 2, stop))) at = skipRaw(text, next, tokens)
  }
  return tokens
}

function nextOpening(text: string, from: number): number {
  for (let at = text.indexOf('{', from); at >= 0; at = text.indexOf('{', at + 1)) if (/[{%#]/.test(text[at + 1] ?? '')) return at
  return -1
}

function skipRaw(text: string, from: number, tokens: Token[]): number {
  const end = text.slice(from).search(/\{%-?\s*endraw\b/)
  const stop = end < 0 ? text.length : from + end
  if (stop > from) tokens.push({ kind: 'raw', from, to: stop })
  return stop
}

/** Where the cursor is, for completion. */
export type Place = { kind: 'expression' | 'filter' | 'statement'; from: number } | undefined

export function placeAt(text: string, position: number): Place {
  const before = text.slice(Math.max(0, position - 2_000), position)
  const opening = Math.max(before.lastIndexOf('{{'), before.lastIndexOf('{%'))
  if (opening < 0) return undefined
  const inside = before.slice(opening + 2)
  if (/[%}]\}/.test(inside)) return undefined
  const word = inside.match(/[\p{L}\p{N}_]*$/u)?.[0] ?? ''
  const rest = inside.slice(0, inside.length - word.length).replace(/^-/, '').trimEnd()
  const from = position - word.length
  if (rest.endsWith('.')) return undefined
  if (rest.endsWith('|')) return { kind: 'filter', from }
  if (before.slice(opening, opening + 2) === '{%' && rest === '') return { kind: 'statement', from }
  return { kind: 'expression', from }
}

/** Names that the texts read, in the order they are met, without those that loops bring. */
export function namesIn(text: string): string[] {
  const names: string[] = []
  const bound = new Set<string>(['loop'])
  const tokens = tokenize(text)
  tokens.forEach((token, at) => {
    if (token.kind !== 'name') return
    const name = text.slice(token.from, token.to)
    const previous = tokens[at - 1]
    if (previous && text.slice(previous.from, previous.to) === 'for') bound.add(name)
    else if (!bound.has(name) && !names.includes(name)) names.push(name)
  })
  return names
}
