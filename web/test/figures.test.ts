import { describe, expect, it } from 'vitest'
import { alertsOf } from '@/ui/alerts'
import { addSample, cardsOf, channelLink, dayLink, queueBars, SAMPLES_MAX, wallRoot } from '@/pages/monitor/figures'
import { liveState } from './samples'

describe('links of the charts', () => {
  it('cover exactly one UTC day', () => {
    expect(dayLink('2026-02-28', 'failed')).toEqual({ path: '/messages', query: { status: 'failed', created_after: '2026-02-28T00:00:00.000Z', created_before: '2026-03-01T00:00:00.000Z' } })
  })
  it('cover the days of the charts for a channel', () => {
    expect(channelLink('sms', liveState().by_day)).toEqual({ path: '/messages', query: { channel: 'sms', created_after: '2026-11-23T00:00:00.000Z' } })
  })
})

describe('cards', () => {
  it('show today and judge the last hour against the week', () => {
    const [sent, rate, time, failed] = cardsOf(liveState(), '2026-11-29', [1, 2])
    expect(sent).toMatchObject({ value: 100, spark: [1, 2], better: undefined })
    expect(rate).toMatchObject({ value: 98, hour: 95, week: 98.5, better: false })
    expect(time?.better).toBeUndefined()
    expect(failed).toMatchObject({ value: 2, better: false })
  })
  it('say nothing about rates when nothing was finished today', () => {
    const nothing = { total_sent: 0, success_count: 0, failed_count: 0, success_rate: 0, avg_response_time_ms: 0, p95_response_time_ms: 0 }
    const state = liveState({ totals: { today: nothing, week: nothing } })
    const [, rate, time] = cardsOf(state, '2026-11-29', [])
    expect(rate?.value).toBeUndefined()
    expect(time?.value).toBeUndefined()
    expect(rate?.better).toBeUndefined()
  })
})

describe('other figures', () => {
  it('keep a bounded number of samples', () => {
    let samples: number[] = []
    for (let index = 0; index < SAMPLES_MAX + 50; index += 1) samples = addSample(samples, index)
    expect(samples).toHaveLength(SAMPLES_MAX)
    expect(samples.at(-1)).toBe(SAMPLES_MAX + 49)
  })
  it('show all eleven priorities, most urgent first', () => {
    const bars = queueBars(liveState())
    expect(bars.map((bar) => bar.priority)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
    expect(bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(12)
  })
  it('scale the wall from small to large screens', () => {
    expect(wallRoot(1920, 1080)).toBe(16)
    expect(wallRoot(3840, 2160)).toBe(32)
    expect(wallRoot(1366, 768)).toBeCloseTo(11.38, 1)
    expect(wallRoot(3840, 1080)).toBe(16)
  })
})

describe('alerts', () => {
  it('are none when all is well', () => expect(alertsOf(liveState())).toEqual([]))
  it('name what is wrong, worst first', () => {
    const state = liveState({
      unknown_count: 2, dead_letter_count: 5,
      accounts: [
        { id: 3, channel: 'sms', name: 'b', provider: 'smpp', status: 'active', breaker: 'half_open', health: 0.4 },
        { id: 4, channel: 'sms', name: 'c', provider: 'smpp', status: 'active', breaker: 'open', health: 0.1 },
        { id: 5, channel: 'sms', name: 'd', provider: 'smpp', status: 'disabled', breaker: 'open', health: 0 },
      ],
      pools: [{ id: 1, name: 'message_sender', size: 100, core: 20, max: 100, active: 100, queue_size: 9_500, queue_capacity: 10_000, use: 1 }],
      limits: [{ id: 1, resource: 'api:*', type: 'qps', current: 100, allowed: 100, refused: 3 }],
    })
    const alerts = alertsOf(state)
    expect(alerts.map((alert) => alert.kind).sort()).toEqual(['breaker', 'dead', 'limit', 'probing', 'queue', 'unknown'])
    const tones = alerts.map((alert) => alert.tone)
    expect(tones).toEqual([...tones].sort())
  })
})
