import { describe, expect, it } from 'vitest'
import type { Message, Schema } from '@/api/contract'
import { asCurl, filterParams, fromLocalTime, isFiltered, toLocalTime, toQuery } from '@/pages/messages/filters'
import { makeTimeline, ticksOf } from '@/pages/messages/timeline'
import { readQuery } from '@/ui/urlState'

const read = (query: Record<string, string>) => readQuery(filterParams, query)

describe('filters of messages', () => {
  it('ask the API for what the address says', () => {
    expect(toQuery(read({ status: 'failed,unknown', channel: 'sms', q: ' 138 ', task_id: '7' }), 0)).toEqual({ status: 'failed,unknown', channel: 'sms', q: '138', task_id: '7' })
  })
  it('leave out what is no status or channel', () => {
    expect(toQuery(read({ status: 'failed,<script>', channel: 'pigeon', range: '3y' }), 0)).toEqual({ status: 'failed' })
  })
  it('count a range back from now, and let a given time win', () => {
    expect(toQuery(read({ range: '1h' }), 7_200_000).created_after).toBe(new Date(3_600_000).toISOString())
    expect(toQuery(read({ range: '1h', created_after: '2026-01-01T00:00:00.000Z' }), 7_200_000).created_after).toBe('2026-01-01T00:00:00.000Z')
  })
  it('know when nothing is filtered', () => {
    expect(isFiltered(read({ cursor: 'abc', open: '1' }))).toBe(false)
    expect(isFiltered(read({ error: 'x' }))).toBe(true)
  })
  it('take a local time and give it back', () => {
    const iso = fromLocalTime('2026-11-29T08:15:30')
    expect(toLocalTime(iso)).toBe('2026-11-29T08:15:30')
    expect(fromLocalTime('yesterday')).toBe('')
  })
})

it('a curl command keeps quotes, line ends and formulas as they are', () => {
  const content = `it's "=1+1"\n$(rm -rf /)`
  const command = asCurl({ channel: 'sms', recipient: '138', priority: 5, content } as Message, 'http://h')
  const json = command.split("-d '")[1]?.slice(0, -1).replaceAll(`'\\''`, "'") ?? ''
  expect(JSON.parse(json)).toMatchObject({ content })
})

describe('the timeline', () => {
  const trace = {
    nodes: [
      { name: 'queue', status: 'success', started_at: '2026-01-01T00:00:00.000Z', finished_at: '2026-01-01T00:00:00.050Z', duration_ms: 50 },
      { name: 'send', status: 'failed', started_at: '2026-01-01T00:00:00.050Z', duration_ms: 100, attempt: 1 },
    ],
    attempts: [
      { attempt: 2, provider: 'b', outcome: 'success', started_at: '2026-01-01T00:00:01.150Z', duration_ms: 50 },
      { attempt: 1, provider: 'a', outcome: 'failed', error_class: 'transient', started_at: '2026-01-01T00:00:00.050Z', duration_ms: 100 },
    ],
  } as unknown as Schema<'Trace'>
  it('shows each attempt by itself and the pause between them, to scale', () => {
    const line = makeTimeline(trace, 0)
    expect(line.bars.map((bar) => [bar.kind, bar.start, bar.length])).toEqual([['queue', 0, 50], ['send', 50, 100], ['wait', 150, 1000], ['send', 1150, 50]])
    expect(line.total).toBe(1200)
  })
  it('has few and round ticks at every scale', () => {
    for (const total of [1, 7, 53, 999, 86_400_000]) {
      const ticks = ticksOf(total)
      expect(ticks.length).toBeGreaterThan(1)
      expect(ticks.length).toBeLessThan(8)
    }
  })
})
