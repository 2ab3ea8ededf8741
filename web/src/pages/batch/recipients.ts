// Rows of the file as recipients of the API: mapped, checked for what the browser can know, cut into calls.
import { asValue, type Variable } from '@/pages/send/variables'
import type { Table } from './table'

export const RECIPIENTS_PER_CALL = 10_000
/** What the API refuses a whole call for, not a row: found here, so that one broken row does not hold up a file. */
const RECIPIENT_MAX = 4_096
const hasNul = (text: string | undefined) => text?.includes('\0') ?? false
export interface Recipient { recipient: string; variables?: Record<string, unknown> }
export interface RowProblem { line: number; recipient: string; field: string; text: string }
export interface Mapped { recipients: Recipient[]; lines: number[]; problems: RowProblem[]; duplicates: number }

export function mapRows(table: Table, mapping: Record<string, string>, variables: Variable[], options: { keepDuplicates: boolean; words: { noRecipient: string; noValue: string; tooLong: string; nul: string } }): Mapped {
  const columnOf = (name: string) => table.columns.indexOf(mapping[name] ?? '')
  const recipientAt = columnOf('recipient')
  const used = variables.map((variable) => ({ variable, at: columnOf(variable.name) })).filter((each) => each.at >= 0)
  const seen = new Set<string>()
  const mapped: Mapped = { recipients: [], lines: [], problems: [], duplicates: 0 }
  table.rows.forEach((row, index) => {
    const line = table.lines[index] ?? 0
    const recipient = row[recipientAt] ?? ''
    if (!recipient) {
      mapped.problems.push({ line, recipient, field: 'recipient', text: options.words.noRecipient })
      return
    }
    const broken = [{ name: 'recipient', at: recipientAt }, ...used.map(({ variable, at }) => ({ name: variable.name, at }))].find(({ at }) => hasNul(row[at]))
    if (broken || [...recipient].length > RECIPIENT_MAX) {
      mapped.problems.push({ line, recipient: recipient.slice(0, 200), field: broken?.name ?? 'recipient', text: broken ? options.words.nul : options.words.tooLong })
      return
    }
    if (seen.has(recipient)) {
      mapped.duplicates += 1
      if (!options.keepDuplicates) return
    }
    seen.add(recipient)
    const values: Record<string, unknown> = {}
    let sound = true
    for (const { variable, at } of used) {
      const value = asValue(variable, row[at] ?? '')
      if (value !== undefined) values[variable.name] = value
      else if (variable.required !== false) {
        mapped.problems.push({ line, recipient, field: variable.name, text: options.words.noValue })
        sound = false
      }
    }
    if (!sound) return
    mapped.recipients.push(used.length ? { recipient, variables: values } : { recipient })
    mapped.lines.push(line)
  })
  return mapped
}

export function inCalls<Item>(items: Item[], size = RECIPIENTS_PER_CALL): Item[][] {
  const calls: Item[][] = []
  for (let from = 0; from < items.length; from += size) calls.push(items.slice(from, from + size))
  return calls
}

/** The row of "$.recipients[12].variables.x"; -1 for problems of the whole call. */
export const rowOf = (path: string): number => Number(path.match(/recipients\[(\d+)\]/)?.[1] ?? -1)
