// Dead letters by cause.
import type { Channel, Schema } from '@/api/contract'

export type Group = Schema<'DeadLetterGroup'>
export interface DeadFilter { channel?: Channel; error?: string; template_id?: number; provider?: string }

export const groupKey = (group: Group) => [group.reason, group.channel, group.provider ?? '', group.template_id ?? ''].join('\u0000')
export const filterOf = (group: Group): DeadFilter => ({ channel: group.channel, error: group.reason, ...(group.template_id ? { template_id: group.template_id } : {}), ...(group.provider ? { provider: group.provider } : {}) })

/** Largest first; groups of equal size by when they were last seen. */
export const bySize = (groups: Group[]): Group[] => [...groups].sort((a, b) => b.count - a.count || b.last_at.localeCompare(a.last_at))

/** Where the messages of the group are listed. */
export const messagesOf = (group: Group) => ({
  name: 'messages',
  query: { status: 'failed', channel: group.channel, error: group.reason, ...(group.template_id ? { template_id: String(group.template_id) } : {}), ...(group.provider ? { provider: group.provider } : {}) },
})
