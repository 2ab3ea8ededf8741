// Items of the sandbox inbox.
import type { Schema } from '@/api/contract'

type Item = Schema<'InboxItem'>
export interface InboxItem extends Omit<Item, 'message_id' | 'trace_id' | 'sequence' | 'attempt' | 'service' | 'raw'> {
  key: string
  message_id?: string | null
  trace_id?: string | null
  service?: string | null
  raw?: unknown
}

export function withKey(item: Omit<Item, 'service' | 'raw'> & { id?: string | number; service?: string | null; raw?: unknown }): InboxItem {
  return { ...item, key: `${item.service ?? 'sandbox'}/${item.id ?? item.sequence}` }
}
export const isMail = (item: InboxItem) => item.channel === 'email'
export const isPush = (item: InboxItem) => item.channel === 'app'

/** What the same receiver got on the same channel, oldest first, as a phone would show it. */
export function threadOf(item: InboxItem | undefined, all: InboxItem[]): InboxItem[] {
  if (!item) return []
  return all.filter((each) => each.channel === item.channel && each.recipient === item.recipient).sort((a, b) => a.received_at.localeCompare(b.received_at)).slice(-20)
}
