// Items of the sandbox inbox.
import type { Schema } from '@/api/contract'

export type InboxItem = Schema<'InboxItem'>
export const isMail = (item: InboxItem) => item.channel === 'email'
export const isPush = (item: InboxItem) => item.channel === 'app'

/** What the same receiver got on the same channel, oldest first, as a phone would show it. */
export function threadOf(item: InboxItem | undefined, all: InboxItem[]): InboxItem[] {
  if (!item) return []
  return all.filter((each) => each.channel === item.channel && each.recipient === item.recipient).sort((a, b) => a.received_at.localeCompare(b.received_at)).slice(-20)
}
