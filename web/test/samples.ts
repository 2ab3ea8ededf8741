// Made-up states for tests.
import type { LiveState, MessageStatus, MessageSummary } from '@/api/contract'

export function message(id: number, status: MessageStatus = 'pending'): MessageSummary {
  return { message_id: String(id), trace_id: `msg_${id}`, channel: 'sms', recipient: '13800138000', status, priority: 5, attempts: 0, created_at: '2026-11-29T08:00:00.000Z' }
}

const totals = { total_sent: 100, success_count: 98, failed_count: 2, success_rate: 98, avg_response_time_ms: 12, p95_response_time_ms: 30 }
const sums = { accepted: 20, sent: 19, failed: 1, success_rate: 95, avg_response_time_ms: 12, per_second: 2 }

export function liveState(part: Partial<LiveState> = {}): LiveState {
  return {
    totals: { today: totals, week: { ...totals, total_sent: 700, success_count: 690, failed_count: 10, success_rate: 98.5 } },
    by_day: ['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27', '2026-11-28', '2026-11-29'].map((date) => ({ date, ...totals })),
    by_channel: [{ channel: 'sms', ...totals }, { channel: 'email', ...totals, total_sent: 0 }],
    realtime: { last_minute: sums, last_hour: sums },
    queue: { total: 12, scheduled: 3, by_priority: [{ priority: 5, count: 10 }, { priority: 9, count: 2 }] },
    pools: [{ id: 1, name: 'message_sender', size: 20, core: 20, max: 100, active: 3, queue_size: 12, queue_capacity: 10_000, use: 0.15 }],
    limits: [{ id: 1, resource: 'api:/messages/send', type: 'qps', current: 12, allowed: 1000, refused: 0 }],
    accounts: [{ id: 1, channel: 'sms', name: 'main', provider: 'smpp', status: 'active', breaker: 'closed', health: 0.98 }],
    messages: [], unknown_count: 0, dead_letter_count: 0,
    ...part,
  }
}
