// Texts of the server in another language, by a catalogue of patterns: "gave up after {a} attempts" has a hole, a. What fills
// a hole is translated in its turn where the catalogue knows it; a provider's own words, codes and values stay as they are.
// A text is looked for whole, then by its first word and by its last; reasons in several parts ("a; b") part by part. No
// regular expression is made from a text, and each text and each pattern is walked over a bounded number of times.

export interface Catalogue {
  texts: Record<string, string>
  /** For holes that the translation names with a capital, {A}. */
  words: Record<string, string>
  outcomes: Record<string, string>
}
export interface Translated {
  text: string
  /** false: nothing of it was found, it is as the server wrote it. */
  known: boolean
}
interface Pattern {
  /** What stands between the holes; one more than there are holes. */
  parts: string[]
  names: string[]
  translation: string
  /** Letters of the parts: whether it says enough to be believed outside of a hole. */
  weight: number
  /** Signs of the parts, blanks and marks as well: the longer one is asked first. */
  length: number
}

const HOLE = /\{([a-z])\}/
const TRANSLATED_HOLE = /\{([a-zA-Z])\}/
const PLACE = /^\d{1,9}:\d{1,9}: /
const HAN = /[\u3400-\u9fff]/
const LATIN = /[A-Za-z0-9]/
const LONGEST = 4_000
const MOST_PARTS = 12
const DEEPEST = 4
// Questions to the catalogue for one text, however many parts and holes it has.
const MOST_LOOKS = 600
const MOST_KEPT = 2_000
// A pattern of few letters, "{a} to {b}", is only believed inside another one.
const LEAST_WEIGHT = 4
// Before a pattern that begins with a hole anything could stand: only one word, or what is known, unless the
// pattern says a lot.
const TALKATIVE = 14

const letters = (text: string) => text.replace(/[^A-Za-z]/g, '').length
const firstWord = (text: string) => { const end = text.indexOf(' '); return end < 0 ? text : text.slice(0, end) }
const isOneWord = (text: string) => !text.includes(' ') || /^(["'][^"']*["']|\S+\[\S+\])$/.test(text)

/** Between Chinese and Latin stands a blank, between Chinese and Chinese none: what fills a hole may be either. */
function joined(before: string, after: string): string {
  const left = before.trimEnd()
  const right = after.trimStart()
  const end = left[left.length - 1] ?? ''
  const start = right[0] ?? ''
  if (HAN.test(end) && HAN.test(start)) return left + right
  return (HAN.test(end) && LATIN.test(start)) || (LATIN.test(end) && HAN.test(start)) ? `${left} ${right}` : before + after
}

export class Translator {
  private readonly exact = new Map<string, string>()
  private readonly byFirst = new Map<string, Pattern[]>()
  private readonly byHole: Pattern[] = []
  private readonly kept = new Map<string, Translated>()
  private looks = 0

  constructor(private readonly catalogue: Catalogue) {
    for (const [text, translation] of Object.entries(catalogue.texts)) this.add(text, translation)
    // The one that says most is asked first.
    for (const patterns of [...this.byFirst.values(), this.byHole]) patterns.sort((a, b) => b.length - a.length)
  }

  translate(text: string): Translated {
    const kept = this.kept.get(text)
    if (kept) return kept
    this.looks = 0
    const made = text.length > LONGEST ? undefined : this.inParts(text, 0)
    const translated = made === undefined ? { text, known: false } : { text: made, known: true }
    if (this.kept.size >= MOST_KEPT) this.kept.clear()
    this.kept.set(text, translated)
    return translated
  }

  private add(text: string, translation: string): void {
    const split = text.split(HOLE)
    if (split.length === 1) { this.exact.set(text, translation); return }
    const parts = split.filter((_, index) => index % 2 === 0)
    const names = split.filter((_, index) => index % 2 === 1)
    const pattern = { parts, names, translation, weight: letters(parts.join('')), length: parts.join('').length }
    const start = parts[0] as string
    // The first word is whole when a blank follows it; else it goes on in the hole ("'{a}'").
    if (!start.includes(' ')) this.byHole.push(pattern)
    else this.byFirst.set(firstWord(start), [...(this.byFirst.get(firstWord(start)) ?? []), pattern])
  }

  /** The whole; else the longest runs of parts that are known, the others as they stand. */
  private inParts(text: string, depth: number): string | undefined {
    const whole = this.whole(text, depth)
    if (whole !== undefined || !text.includes('; ')) return whole
    const parts = text.split('; ')
    if (parts.length > MOST_PARTS) return undefined
    const made: string[] = []
    let known = false
    for (let from = 0; from < parts.length;) {
      let to = parts.length
      let found: string | undefined
      for (; to > from; to--) {
        if (from === 0 && to === parts.length) continue
        found = this.whole(parts.slice(from, to).join('; '), depth)
        if (found !== undefined) break
      }
      if (found !== undefined) known = true
      made.push(found ?? (parts[from] as string))
      from = found === undefined ? from + 1 : to
    }
    return known ? made.join('；') : undefined
  }

  private whole(text: string, depth: number): string | undefined {
    const exact = this.exact.get(text)
    if (exact !== undefined) return exact
    const sentence = text.endsWith('.') ? this.exact.get(text.slice(0, -1)) : undefined
    if (sentence !== undefined) return `${sentence}。`
    if (depth >= DEEPEST || ++this.looks > MOST_LOOKS) return undefined
    // "3:7: ..." is a place in a template.
    const place = PLACE.exec(text)?.[0]
    if (place) { const told = this.inParts(text.slice(place.length), depth + 1); return told && place + told }
    const outcome = this.outcome(text, depth)
    if (outcome !== undefined) return outcome
    for (const patterns of [this.byFirst.get(firstWord(text)) ?? [], this.byHole]) {
      for (const pattern of patterns) {
        if (depth === 0 && pattern.weight < LEAST_WEIGHT) continue
        const made = this.fill(pattern, text, depth)
        if (made !== undefined) return made
      }
    }
    return undefined
  }

  /** "class", "class code", "class: detail", "class code: detail", and as accounts keep it "class code detail". */
  private outcome(text: string, depth: number): string | undefined {
    const name = /^[a-z_]+/.exec(text)?.[0] ?? ''
    const word = this.catalogue.outcomes[name]
    if (word === undefined) return undefined
    const rest = text.slice(name.length)
    const detailAt = rest.indexOf(': ')
    let code = detailAt < 0 ? rest.trim() : rest.slice(0, detailAt).trim()
    let detail = detailAt < 0 ? '' : rest.slice(detailAt + 2)
    if (code.includes(' ')) {
      // The code is a number or a name in capitals; else this is a sentence that happens to begin like a class.
      const kept = /^ (\S*) +(.+)$/s.exec(rest)
      if (!kept || /^[a-z]+$/.test(kept[1] as string)) return undefined
      code = kept[1] as string
      detail = kept[2] as string
    }
    const told = this.inHole(detail, depth + 1)
    // Inside of another text "unknown error: ..." is rather a provider's sentence.
    if (depth > 0 && /^[a-z]+$/.test(code) && told === detail) return undefined
    return [word, code && ` ${code}`, detail && `：${told}`].join('')
  }

  private inHole(text: string, depth: number): string {
    return this.inParts(text, depth) ?? text
  }

  private fill(pattern: Pattern, text: string, depth: number): string | undefined {
    const { parts } = pattern
    const last = parts[parts.length - 1] as string
    if (!text.startsWith(parts[0] as string) || !text.endsWith(last)) return undefined
    const holes: string[] = []
    let at = (parts[0] as string).length
    const end = text.length - last.length
    for (let index = 1; index < parts.length; index++) {
      const part = parts[index] as string
      const next = index === parts.length - 1 ? end : text.indexOf(part, at)
      if (next < at || next > end) return undefined
      holes.push(text.slice(at, next))
      at = next + part.length
    }
    if (holes.some((hole) => !hole)) return undefined
    if (!parts[0] && pattern.weight < TALKATIVE && !holes.every((hole) => isOneWord(hole) || hole in this.catalogue.words || this.inParts(hole, depth + 1) !== undefined)) return undefined
    return pattern.translation.split(TRANSLATED_HOLE).reduce((made, piece, index) => {
      if (index % 2 === 0) return joined(made, piece)
      const hole = holes[pattern.names.indexOf(piece.toLowerCase())] ?? ''
      const word = piece < 'a' ? this.catalogue.words[hole] : undefined
      return joined(made, word ?? this.inHole(hole, depth + 1))
    })
  }
}
