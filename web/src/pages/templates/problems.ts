// What the server says is wrong with a template, sorted by the field it belongs to, with its place in the text.
import type { ProblemBody } from '@/api/problem'

export interface Placed {
  /** "content", "html", "subject", "variables[0].sample", "options.aliyun.params.a", "name" … */
  field: string
  code: string
  text: string
  line?: number
  column?: number
}

const PLACE = /^(\d+):(\d+): /
const UNDECLARED = /the variable '([^']+)' is not declared/

export function placedProblems(body: ProblemBody | undefined): Placed[] {
  return (body?.errors ?? []).map((error) => {
    const place = error.detail.match(PLACE)
    return {
      field: error.path.replace(/^\$\.?/, '').replace(/^template\.(?=.)/, ''),
      code: error.code,
      text: place ? error.detail.slice(place[0].length) : error.detail,
      ...(place ? { line: Number(place[1]), column: Number(place[2]) } : {}),
    }
  })
}

export const ofField = (problems: Placed[], field: string): Placed[] =>
  problems.filter((problem) => problem.field === field || problem.field.startsWith(`${field}.`) || problem.field.startsWith(`${field}[`))

export function undeclaredNames(problems: Placed[]): string[] {
  const names = problems.map((problem) => problem.text.match(UNDECLARED)?.[1]).filter((name): name is string => name !== undefined)
  return [...new Set(names)]
}

/** From and to in UTF-16 units. Columns of the server count characters, so those beyond U+FFFF are one there and two here. */
export function rangeOf(text: string, line: number, column: number): { from: number; to: number } {
  let start = 0
  for (let at = 1; at < line; at += 1) {
    const next = text.indexOf('\n', start)
    if (next < 0) break
    start = next + 1
  }
  const end = text.indexOf('\n', start) < 0 ? text.length : text.indexOf('\n', start)
  let from = start
  for (const character of Array.from(text.slice(start, end)).slice(0, Math.max(0, column - 1))) from += character.length
  const word = text.slice(from, end).match(/^(\{[{%#]|[\p{L}\p{N}_]+|.)/u)?.[0] ?? ''
  // At the end of a line there is nothing to underline: take what stands before.
  return word ? { from, to: from + word.length } : { from: Math.max(start, from - 1), to: from }
}
