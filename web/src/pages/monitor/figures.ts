// From the live state to what the cards and charts show. Pure, so that it can be tested without a browser.
import type { RouteLocationRaw } from 'vue-router'
import type { DayTotals, LiveState } from '@/api/contract'

export const VIEWS = ['all', 'trend', 'stream'] as const
export type View = (typeof VIEWS)[number]
/** How many samples of the throughput are kept: two minutes at two a second. */
export const SAMPLES_MAX = 240
const DAY_MS = 86_400_000

/** The list of all messages of a UTC day, or of those that ended so. */
export function dayLink(date: string, status?: string): RouteLocationRaw {
  const start = Date.parse(`${date}T00:00:00.000Z`)
  return { path: '/messages', query: { ...(status ? { status } : {}), created_after: new Date(start).toISOString(), created_before: new Date(start + DAY_MS).toISOString() } }
}

/** The list of a channel's messages in the days that the charts cover. */
export function channelLink(channel: string, days: readonly DayTotals[], status?: string): RouteLocationRaw {
  const first = days[0]?.date
  return { path: '/messages', query: { ...(status ? { status } : {}), channel, ...(first ? { created_after: `${first}T00:00:00.000Z` } : {}) } }
}

export const FAILED = 'failed,expired'
export const SENT = 'success,delivered'

export interface Card {
  kind: 'sent' | 'rate' | 'time' | 'failed'
  value: number | undefined
  /** The same of the last hour and of the week, in the unit of the value. */
  hour: number | undefined
  week: number | undefined
  /** Whether the last hour is better than the week; undefined: about the same, or too little to say. */
  better: boolean | undefined
  spark: number[]
  to: RouteLocationRaw
}

const MIN_FOR_TREND = 10

function compare(hour: number, week: number, enough: boolean, more: 'better' | 'worse', tolerance: number): boolean | undefined {
  if (!enough || Math.abs(hour - week) <= tolerance) return undefined
  return hour > week === (more === 'better')
}

export function cardsOf(state: LiveState, today: string, samples: readonly number[]): Card[] {
  const { today: day, week } = state.totals
  const hour = state.realtime.last_hour
  const finished = hour.sent + hour.failed
  const enough = finished >= MIN_FOR_TREND && week.success_count + week.failed_count >= MIN_FOR_TREND
  const hasToday = day.success_count + day.failed_count > 0
  const hourFailedShare = finished ? (hour.failed / finished) * 100 : 0
  const weekFailedShare = 100 - week.success_rate
  // Days without messages have no rate and no time.
  const days = state.by_day.filter((each) => each.total_sent > 0)
  return [
    { kind: 'sent', value: day.total_sent, hour: hour.accepted, week: week.total_sent, better: undefined, spark: [...samples], to: dayLink(today) },
    { kind: 'rate', value: hasToday ? day.success_rate : undefined, hour: finished ? hour.success_rate : undefined, week: week.success_rate, better: compare(hour.success_rate, week.success_rate, enough, 'better', 0.2), spark: days.map((each) => each.success_rate), to: dayLink(today, SENT) },
    { kind: 'time', value: hasToday ? day.avg_response_time_ms : undefined, hour: finished ? hour.avg_response_time_ms : undefined, week: week.avg_response_time_ms, better: compare(hour.avg_response_time_ms, week.avg_response_time_ms, enough, 'worse', week.avg_response_time_ms * 0.1), spark: days.map((each) => each.avg_response_time_ms), to: dayLink(today) },
    { kind: 'failed', value: day.failed_count, hour: hour.failed, week: week.failed_count, better: compare(hourFailedShare, weekFailedShare, enough, 'worse', 0.2), spark: state.by_day.map((each) => each.failed_count), to: dayLink(today, FAILED) },
  ]
}

export function addSample(samples: readonly number[], value: number): number[] {
  return [...samples, value].slice(-SAMPLES_MAX)
}

/** Pixels of the root font for a wall screen: everything is laid out for 1920 x 1080 at 16. */
export function wallRoot(width: number, height: number): number {
  return Math.max(9, Math.min(width / 1920, height / 1080) * 16)
}

/** Messages by priority, most urgent first, always all eleven. */
export function queueBars(state: LiveState): { priority: number; count: number }[] {
  const counts = new Map(state.queue.by_priority.map((each) => [each.priority, each.count]))
  return Array.from({ length: 11 }, (_, index) => ({ priority: 10 - index, count: counts.get(10 - index) ?? 0 }))
}
