// What the list of messages can be narrowed to. The address uses the names of the API, so that a link, the list and a curl
// command say the same.
import type { Message } from '@/api/contract'
import { CHANNELS, MESSAGE_STATUSES } from '@/ui/status'
import { choiceParam, listParam, textParam, type Values } from '@/ui/urlState'

export const RANGES = ['', '15m', '1h', '24h', '7d'] as const
const RANGE_MS: Record<string, number> = { '15m': 900_000, '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000 }

export const filterParams = {
  q: textParam(),
  status: listParam(MESSAGE_STATUSES),
  channel: choiceParam(['', ...CHANNELS] as const, ''),
  range: choiceParam(RANGES, ''),
  created_after: textParam(),
  created_before: textParam(),
  template_id: textParam(),
  task_id: textParam(),
  provider: textParam(),
  recipient: textParam(),
  priority: textParam(),
  error: textParam(),
  cursor: textParam(),
  open: textParam(),
}
export type Filters = Values<typeof filterParams>

/** Filters below the search line, in the order in which they are shown. */
export const DETAIL_FILTERS = ['template_id', 'task_id', 'provider', 'recipient', 'priority', 'error'] as const
const TEXTS = ['q', 'channel', ...DETAIL_FILTERS] as const

/** The filters as the API takes them; without cursor and open. */
export function toQuery(filters: Filters, now: number): Record<string, string> {
  const query: Record<string, string> = {}
  for (const name of TEXTS) {
    const text = filters[name].trim()
    if (text) query[name] = text
  }
  if (filters.status.length) query.status = filters.status.join(',')
  if (filters.created_after) query.created_after = filters.created_after
  else if (filters.range) query.created_after = new Date(now - (RANGE_MS[filters.range] ?? 0)).toISOString()
  if (filters.created_before) query.created_before = filters.created_before
  return query
}

export function isFiltered(filters: Filters): boolean {
  return Object.keys(toQuery(filters, 0)).length > 0
}

/** "2026-11-29T08:15" of a date field, in the reader's zone, to what the API takes; "" for what is no date. */
export function fromLocalTime(text: string): string {
  const date = new Date(text)
  return text && !Number.isNaN(date.getTime()) ? date.toISOString() : ''
}

export function toLocalTime(iso: string): string {
  const date = new Date(iso)
  if (!iso || Number.isNaN(date.getTime())) return ''
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** A command that sends the same message again as a new one. */
export function asCurl(message: Message, origin: string): string {
  const request: Record<string, unknown> = { channel: message.channel, recipient: message.recipient, priority: message.priority }
  if (message.subject) request.subject = message.subject
  request.content = message.content
  if (message.html) request.html = message.html
  if (message.callback_url) request.callback_url = message.callback_url
  if (message.metadata) request.metadata = message.metadata
  return `curl -s ${quote(`${origin}/api/messages/send`)} \\\n  -H "Authorization: Bearer $HONGYAN_API_KEY" -H 'Content-Type: application/json' \\\n  -d ${quote(JSON.stringify(request))}`
}

export const mayResend = (status: string) => status === 'failed' || status === 'unknown'
export const mayCancel = (status: string) => ['pending', 'scheduled', 'retrying'].includes(status)
export const isUnderWay = (status: string) => mayCancel(status) || status === 'processing'
