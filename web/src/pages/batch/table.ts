// A file of recipients, from bytes to rows: encoding, delimiter and head are found, not asked for. Runs in the worker; pure.
import Papa from 'papaparse'

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'gb18030'
export const ENCODINGS: readonly Encoding[] = ['utf-8', 'gb18030', 'utf-16le', 'utf-16be']
export const DELIMITERS = [',', ';', '\t', '|'] as const
export const ROWS_MAX = 1_000_000

export interface Table {
  encoding: Encoding
  delimiter: string
  hasHead: boolean
  /** Names of the columns: of the head, or "1", "2", … */
  columns: string[]
  rows: string[][]
  /** The line in the file of each row, the first is 1. */
  lines: number[]
  problems: { line: number; text: 'quotes' | 'fields' }[]
}

const SNIFFED_BYTES = 4_096

export function sniffEncoding(bytes: Uint8Array): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  const head = bytes.subarray(0, SNIFFED_BYTES)
  let even = 0
  let odd = 0
  head.forEach((byte, index) => { if (byte === 0) index % 2 ? (odd += 1) : (even += 1) })
  if (odd > head.length / 8 && odd > even) return 'utf-16le'
  if (even > head.length / 8) return 'utf-16be'
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return 'utf-8'
  } catch {
    return 'gb18030'
  }
}

export const decode = (bytes: Uint8Array, encoding: Encoding): string => new TextDecoder(encoding).decode(bytes)

/** The delimiter that cuts the first lines into the most columns, the same number in each. */
export function sniffDelimiter(text: string): string {
  const lines = text.slice(0, SNIFFED_BYTES * 4).split(/\r\n|\r|\n/).filter((line) => line.trim()).slice(0, 20)
  if (text.length > SNIFFED_BYTES * 4 && lines.length > 1) lines.pop()
  let best: { delimiter: string; score: number } = { delimiter: ',', score: 0 }
  for (const delimiter of DELIMITERS) {
    const widths = lines.map((line) => Papa.parse<string[]>(line, { delimiter }).data[0]?.length ?? 1)
    const first = widths[0] ?? 1
    const same = widths.filter((width) => width === first).length / Math.max(1, widths.length)
    const score = first > 1 ? same * first : 0
    if (score > best.score) best = { delimiter, score }
  }
  return best.delimiter
}

const LOOKS_LIKE_VALUE = /^[+\d][\d\s()-]{5,}$|@|^https?:|^o[\w-]{20,}$/
/** A head has words in it and nothing that looks like a recipient. */
export function looksLikeHead(first: string[] | undefined): boolean {
  return Boolean(first?.length) && first!.every((cell) => cell.trim() !== '' && cell.length <= 64) && !first!.some((cell) => LOOKS_LIKE_VALUE.test(cell.trim()) || /^\d+([.,]\d+)?$/.test(cell.trim()))
}

export interface ParseChoices { encoding?: Encoding; delimiter?: string; hasHead?: boolean }

export function parseTable(bytes: Uint8Array, choices: ParseChoices = {}): Table {
  const encoding = choices.encoding ?? sniffEncoding(bytes)
  const text = decode(bytes, encoding).replace(/^\uFEFF/, '')
  const delimiter = choices.delimiter ?? sniffDelimiter(text)
  const parsed = Papa.parse<string[]>(text, { delimiter, skipEmptyLines: false })
  const rows: string[][] = []
  const lines: number[] = []
  let line = 1
  for (const cells of parsed.data) {
    const height = 1 + cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0)
    if (cells.some((cell) => cell.trim() !== '') && rows.length <= ROWS_MAX) {
      rows.push(cells.map((cell) => cell.trim()))
      lines.push(line)
    }
    line += height
  }
  const problems: Table['problems'] = parsed.errors.filter((error) => error.type === 'Quotes').map((error) => ({ line: lines[error.row ?? 0] ?? 1, text: 'quotes' as const }))
  const hasHead = choices.hasHead ?? looksLikeHead(rows[0])
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0)
  const head = hasHead ? rows.shift() : undefined
  if (hasHead) lines.shift()
  const columns = Array.from({ length: width }, (_, index) => head?.[index]?.trim() || String(index + 1))
  rows.forEach((row, index) => { if (head && row.length > head.length) problems.push({ line: lines[index] ?? 0, text: 'fields' }) })
  return { encoding, delimiter, hasHead, columns, rows, lines, problems }
}

const RECIPIENT_NAMES = /^(recipient|to|phone|mobile|tel|telephone|e-?mail|mail|address|openid|token|user_?id|手机号?码?|电话|邮箱|收件人|接收人|号码)$/i
const plain = (name: string) => name.toLowerCase().replace(/[\s_-]+/g, '')

/** Which column is what: by name, remembered choices first. "" is none. */
export function guessMapping(columns: string[], variables: string[], remembered: Record<string, string> = {}): Record<string, string> {
  const taken = new Set<string>()
  const pick = (wanted: string, test: (column: string) => boolean) => {
    const kept = remembered[wanted]
    const found = kept && columns.includes(kept) ? kept : columns.find((column) => !taken.has(column) && test(column))
    if (found) taken.add(found)
    return found ?? ''
  }
  const mapping: Record<string, string> = { recipient: pick('recipient', (column) => RECIPIENT_NAMES.test(column.trim())) }
  for (const variable of variables) mapping[variable] = pick(variable, (column) => plain(column) === plain(variable))
  if (!mapping.recipient) mapping.recipient = columns.find((column) => !taken.has(column)) ?? ''
  return mapping
}

// Also behind blanks and signs that nobody sees, and in the wide forms that some spreadsheets take for the narrow ones.
const FORMULA = /^(?:[\t\r\0]|[\s\p{Cf}\p{Cc}]*[=+\-@＝＋－＠])/u

/** Cells that a spreadsheet would take for a formula get an apostrophe, all are quoted. */
export function csvCell(value: unknown): string {
  const text = String(value ?? '')
  const safe = FORMULA.test(text) ? `'${text}` : text
  return `"${safe.replaceAll('"', '""')}"`
}
export const toCsv = (rows: unknown[][]): string => '\uFEFF' + rows.map((row) => row.map(csvCell).join(',')).join('\r\n') + '\r\n'
