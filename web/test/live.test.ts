import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLive, mergeMessages, MESSAGES_MAX, pauseAfter, POLL_MS, type Live } from '@/api/live'
import type { LiveState, MessageSummary } from '@/api/contract'
import { liveState, message } from './samples'

class FakeSocket {
  static all: FakeSocket[] = []
  readyState = 1
  sent: string[] = []
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  constructor(readonly ticket: string) { FakeSocket.all.push(this) }
  send(text: string) { this.sent.push((JSON.parse(text) as { type: string }).type) }
  close() { if (this.readyState === 1) { this.readyState = 3; this.onclose?.() } }
  says(frame: unknown) { this.onmessage?.({ data: JSON.stringify(frame) }) }
}
const last = () => FakeSocket.all.at(-1) as FakeSocket

describe('mergeMessages', () => {
  it('puts new ones on top, newest first, and keeps changed ones in their place', () => {
    const merged = mergeMessages([message(2), message(1)], [message(3), message(1, 'failed'), message(4)])
    expect(merged.map((each) => each.message_id)).toEqual(['4', '3', '2', '1'])
    expect(merged[3]?.status).toBe('failed')
  })
  it('keeps each id once and never more than the maximum', () => {
    const many = Array.from({ length: 200 }, (_, index) => message(index))
    const merged = mergeMessages(many.slice(0, 50).reverse(), [...many, message(199, 'failed')])
    expect(merged).toHaveLength(MESSAGES_MAX)
    expect(new Set(merged.map((each) => each.message_id)).size).toBe(MESSAGES_MAX)
    expect(merged[0]).toMatchObject({ message_id: '199', status: 'failed' })
  })
})

describe('pauseAfter', () => {
  it('doubles, has jitter, and ends at 30 seconds', () => {
    expect(pauseAfter(1, () => 1)).toBe(500)
    expect(pauseAfter(1, () => 0)).toBe(250)
    expect(pauseAfter(3, () => 1)).toBe(2_000)
    expect(pauseAfter(50, () => 1)).toBe(30_000)
    expect(pauseAfter(50, () => 0)).toBe(15_000)
  })
})

describe('the live store', () => {
  let live: Live
  const ticket = vi.fn<() => Promise<string>>()
  const snapshot = vi.fn<() => Promise<LiveState>>()

  beforeEach(() => {
    vi.useFakeTimers()
    FakeSocket.all = []
    ticket.mockReset().mockResolvedValue('one')
    snapshot.mockReset().mockResolvedValue(liveState({ dead_letter_count: 7 }))
    live = createLive({ ticket, snapshot, socket: (name) => new FakeSocket(name) as unknown as WebSocket, random: () => 1, now: () => Date.now() })
  })
  afterEach(() => { live.stop(); vi.useRealTimers() })

  async function connected(state: LiveState = liveState()) {
    live.start()
    await vi.advanceTimersByTimeAsync(0)
    last().says({ type: 'snapshot', seq: 1, at: 1, state })
  }

  it('is live after the snapshot, and asks for one ticket only', async () => {
    live.start()
    live.start()
    expect(live.connection.value).toBe('connecting')
    await vi.advanceTimersByTimeAsync(0)
    expect(last().ticket).toBe('one')
    last().says({ type: 'snapshot', seq: 1, at: 1, state: liveState() })
    expect(live.connection.value).toBe('live')
    expect(ticket).toHaveBeenCalledTimes(1)
    expect(snapshot).not.toHaveBeenCalled()
  })

  it('takes deltas: changed members are replaced, others stay the same objects', async () => {
    await connected(liveState({ messages: [message(1)] }))
    const before = live.state.value as LiveState
    last().says({ type: 'delta', seq: 2, at: 2, state: { unknown_count: 5 }, messages: [message(1, 'success'), message(2)] })
    const after = live.state.value as LiveState
    expect(after.unknown_count).toBe(5)
    expect(after.by_day).toBe(before.by_day)
    expect(after.messages.map((each) => [each.message_id, each.status])).toEqual([['2', 'pending'], ['1', 'success']])
  })

  it('asks for a snapshot when a delta is missing', async () => {
    await connected()
    last().says({ type: 'delta', seq: 4, at: 2, state: { unknown_count: 5 } })
    expect(last().sent).toEqual(['snapshot'])
    expect(live.state.value?.unknown_count).toBe(0)
    last().says({ type: 'snapshot', seq: 9, at: 3, state: liveState({ unknown_count: 9 }) })
    last().says({ type: 'delta', seq: 10, at: 3, state: { unknown_count: 10 } })
    expect(live.state.value?.unknown_count).toBe(10)
  })

  it('polls every five seconds and connects again when the socket is lost', async () => {
    await connected()
    last().close()
    expect(live.connection.value).toBe('offline')
    await vi.advanceTimersByTimeAsync(0)
    expect(live.connection.value).toBe('polling')
    expect(live.state.value?.dead_letter_count).toBe(7)
    ticket.mockRejectedValue(new TypeError('network'))
    await vi.advanceTimersByTimeAsync(POLL_MS * 3)
    expect(snapshot.mock.calls.length).toBeGreaterThanOrEqual(3)
    expect(snapshot.mock.calls.length).toBeLessThanOrEqual(5)
    ticket.mockResolvedValue('two')
    await vi.advanceTimersByTimeAsync(30_000)
    last().says({ type: 'snapshot', seq: 1, at: 1, state: liveState() })
    expect(last().ticket).toBe('two')
    expect(live.connection.value).toBe('live')
    const polls = snapshot.mock.calls.length
    await vi.advanceTimersByTimeAsync(POLL_MS * 4)
    expect(snapshot.mock.calls.length).toBe(polls)
  })

  it('is offline while nothing answers, and keeps the last state', async () => {
    await connected(liveState({ dead_letter_count: 3 }))
    ticket.mockRejectedValue(new TypeError('network'))
    snapshot.mockRejectedValue(new TypeError('network'))
    last().close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(live.connection.value).toBe('offline')
    expect(live.state.value?.dead_letter_count).toBe(3)
    expect(live.retryAt.value).toBeGreaterThan(0)
    // Bounded: with pauses of at most 30 s there are not many tries in a minute.
    expect(ticket.mock.calls.length).toBeLessThan(12)
  })

  it('closes a socket that never sends anything', async () => {
    live.start()
    await vi.advanceTimersByTimeAsync(0)
    const silent = last()
    await vi.advanceTimersByTimeAsync(10_500)
    expect(silent.readyState).toBe(3)
    expect(FakeSocket.all.length).toBeGreaterThan(1)
  })

  it('closes on a frame that is no JSON', async () => {
    await connected()
    const broken = last()
    broken.onmessage?.({ data: '{' })
    expect(broken.readyState).toBe(3)
  })

  it('holds the picture while paused, and catches up afterwards', async () => {
    await connected()
    live.pause()
    last().says({ type: 'delta', seq: 2, at: 2, state: { unknown_count: 5 } })
    last().says({ type: 'snapshot', seq: 3, at: 2, state: liveState({ unknown_count: 6 }) })
    expect(live.state.value?.unknown_count).toBe(0)
    live.resume()
    expect(last().sent).toEqual(['pause', 'resume', 'snapshot'])
    last().says({ type: 'snapshot', seq: 8, at: 2, state: liveState({ unknown_count: 8 }) })
    expect(live.state.value?.unknown_count).toBe(8)
  })

  it('forgets everything at the end: another key must not see it', async () => {
    await connected()
    const socket = last()
    live.stop()
    expect(socket.readyState).toBe(3)
    expect(live.state.value).toBeUndefined()
    expect(live.connection.value).toBe('idle')
    socket.says({ type: 'snapshot', seq: 2, at: 2, state: liveState() })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(live.state.value).toBeUndefined()
    expect(ticket).toHaveBeenCalledTimes(1)
  })

  it('never holds more than 50 messages', async () => {
    await connected(liveState({ messages: Array.from({ length: 80 }, (_, index) => message(1000 - index)) }))
    for (let seq = 2; seq < 200; seq += 1) last().says({ type: 'delta', seq, at: seq, state: {}, messages: [message(2000 + seq) as MessageSummary] })
    expect(live.state.value?.messages).toHaveLength(MESSAGES_MAX)
  })
})
