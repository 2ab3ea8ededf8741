// What was changed of a pool or limit and what became of it, as lines of one history in the order of time.
import type { Pool, Schema } from '@/api/contract'

export type RuleChange = Schema<'RuleChange'>
export const WHILES = ['0', '300', '900', '3600'] as const
export type While = (typeof WHILES)[number]

export type Line =
  | { key: string; at: string; kind: 'size'; from: number; to: number; reason: string }
  | { key: string; at: string; kind: 'rule'; change: RuleChange }
  | { key: string; at: string; kind: 'end'; change: RuleChange }

/** The steps of scaling, the changes of the row, and the ends of those for a while; newest first. */
export function historyOf(changes: readonly RuleChange[], sizes: Pool['changes'] = []): Line[] {
  const lines: Line[] = sizes.map((size) => ({ key: `s${size.at}${size.to}`, at: size.at, kind: 'size', from: size.from, to: size.to, reason: size.reason }))
  for (const change of changes) {
    lines.push({ key: `c${change.id}`, at: change.at, kind: 'rule', change })
    // What took the place of another is told by itself.
    if (change.ended_at && change.state !== 'replaced') lines.push({ key: `e${change.id}`, at: change.ended_at, kind: 'end', change })
  }
  return lines.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
}

/** The fields that a change touched, with what they were and are. */
export function fieldsOf(change: RuleChange): { name: string; before?: unknown; after: unknown }[] {
  const before = change.before as Record<string, unknown> | null | undefined
  return Object.entries(change.after as Record<string, unknown>).map(([name, after]) => ({ name, before: before?.[name], after }))
}

/** For how long it was meant, in milliseconds. */
export const lengthOf = (change: RuleChange): number => (change.revert_at ? Date.parse(change.revert_at) - Date.parse(change.at) : 0)

/** "14:59", "1:02:03"; "0:00" when it is over. */
export function countdown(revertAt: string, now: number): string {
  const left = Math.max(0, Math.ceil((Date.parse(revertAt) - now) / 1_000))
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes, seconds] = [Math.floor(left / 3_600), Math.floor(left / 60) % 60, left % 60]
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`
}
