// The way of one message as bars on one scale: each node of the trace, each attempt by itself, the pauses between them.
import type { Schema } from '@/api/contract'

type Trace = Schema<'Trace'>
export type BarKind = 'queue' | 'process' | 'send' | 'callback' | 'wait'
export interface Bar {
  kind: BarKind
  attempt?: number
  status: 'success' | 'failed' | 'pending'
  /** Milliseconds from the beginning, and how long. */
  start: number
  length: number
  startedAt: string
  detail?: string
  provider?: string
}
export interface Timeline { bars: Bar[]; total: number; ticks: number[] }

/** As the server writes the reason of an attempt, so that it is translated as one. */
const outcomeText = (kind?: string | null, code?: string | null, detail?: string | null) =>
  [[kind, code].filter(Boolean).join(' '), detail].filter(Boolean).join(': ') || undefined

const at = (text: string | null | undefined) => (text ? Date.parse(text) : Number.NaN)

export function makeTimeline(trace: Trace, now: number): Timeline {
  const raw: (Omit<Bar, 'start' | 'length'> & { from: number; to: number })[] = []
  const sends = [...trace.attempts].sort((a, b) => a.attempt - b.attempt)
  for (const node of trace.nodes) {
    if (node.name === 'send' && sends.length) continue
    const from = at(node.started_at)
    const to = node.finished_at ? Math.max(at(node.finished_at), from + node.duration_ms) : node.status === 'pending' ? now : from + node.duration_ms
    raw.push({ kind: node.name, status: node.status, startedAt: node.started_at, from, to, detail: node.reason ?? undefined, provider: node.provider ?? undefined })
  }
  sends.forEach((attempt, index) => {
    const from = at(attempt.started_at)
    const to = from + attempt.duration_ms
    raw.push({
      kind: 'send', attempt: attempt.attempt, status: attempt.outcome, startedAt: attempt.started_at, from, to, provider: attempt.provider,
      detail: outcomeText(attempt.error_class, attempt.code, attempt.detail),
    })
    const next = sends[index + 1]
    const nextAt = next ? at(next.started_at) : at(attempt.next_attempt_at)
    if (Number.isFinite(nextAt) && nextAt > to) raw.push({ kind: 'wait', attempt: attempt.attempt, status: 'pending', startedAt: new Date(to).toISOString(), from: to, to: next ? nextAt : Math.max(now, Math.min(nextAt, now + 1)), detail: undefined })
  })
  raw.sort((a, b) => a.from - b.from || ORDER[a.kind] - ORDER[b.kind])
  const zero = Math.min(...raw.map((bar) => bar.from))
  const end = Math.max(...raw.map((bar) => bar.to))
  const total = Math.max(1, end - zero)
  return { bars: raw.map(({ from, to, ...bar }) => ({ ...bar, start: from - zero, length: Math.max(0, to - from) })), total, ticks: ticksOf(total) }
}

const ORDER: Record<BarKind, number> = { queue: 0, process: 1, send: 2, wait: 3, callback: 4 }

/** Four or five round places on the scale. */
export function ticksOf(total: number): number[] {
  const rough = total / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough
  const ticks: number[] = []
  for (let tick = 0; tick <= total; tick += step) ticks.push(tick)
  return ticks
}
