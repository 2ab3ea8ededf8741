// The values with which a message was made, read back out of its text: the server keeps what was sent, not what it was made of.
// Only where the text leaves no doubt; a wrong guess would be worse than none.

interface Piece { name?: string; text?: string }
const PLAIN = /\{\{-?\s*([\p{L}_][\p{L}\p{N}_]*)\s*-?\}\}/gu

/** Text and plain variables in turns; undefined if there is more than that (filters, conditions, loops). */
function piecesOf(source: string): Piece[] | undefined {
  const pieces: Piece[] = []
  let at = 0
  for (const match of source.matchAll(PLAIN)) {
    if (match.index > at) pieces.push({ text: source.slice(at, match.index) })
    pieces.push({ name: match[1] })
    at = match.index + match[0].length
  }
  if (at < source.length) pieces.push({ text: source.slice(at) })
  return pieces.some((piece) => /\{\{|\{%|\{#/.test(piece.text ?? '')) ? undefined : pieces
}

/** The values of one text by its source, or undefined: it does not fit, or it could be read in two ways. */
export function readBack(source: string, rendered: string): Record<string, string> | undefined {
  const pieces = piecesOf(source)
  if (!pieces) return undefined
  const values: Record<string, string> = {}
  let at = 0
  for (const [index, piece] of pieces.entries()) {
    if (piece.text !== undefined) {
      if (!rendered.startsWith(piece.text, at)) return undefined
      at += piece.text.length
      continue
    }
    const next = pieces[index + 1]
    if (next && next.text === undefined) return undefined
    const last = index + 2 >= pieces.length
    // What follows last stands at the very end; anything else where it is found first.
    const end = !next?.text ? rendered.length : last ? rendered.length - next.text.length : rendered.indexOf(next.text, at)
    if (end < at) return undefined
    const value = rendered.slice(at, end)
    const name = piece.name as string
    if (name in values && values[name] !== value) return undefined
    values[name] = value
    at = end
  }
  return at === rendered.length ? values : undefined
}

export interface Sources { subject: string; content: string }

/** The values of a message by what its version of the template said: of its text, and of its subject where that tells more. */
export function valuesOfMessage(version: Sources, message: { subject?: string | null; content: string }): Record<string, string> | undefined {
  const ofContent = readBack(version.content, message.content)
  const ofSubject = readBack(version.subject, message.subject ?? '')
  const values = { ...ofSubject, ...ofContent }
  return ofContent || Object.keys(values).length ? values : undefined
}
