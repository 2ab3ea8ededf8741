// Live state of the server: one WebSocket with deltas for the whole application, and polling while there is none.
//
//   ticket → WebSocket → snapshot, then deltas      connection "live"
//   closed → 5-second polls + new tries with growing, jittered pauses   connection "polling" or "offline"
//
// Readers get `state` (a shallow ref: every change is a new object, so charts can compare members by identity).
import { computed, inject, shallowRef, type App, type InjectionKey } from 'vue'
import type { LiveState, MessageSummary } from './contract'

export type Connection = 'idle' | 'connecting' | 'live' | 'polling' | 'offline'
export const MESSAGES_MAX = 50
export const POLL_MS = 5_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** The server pings every 15 s, which scripts do not see; but it also sends a delta at least that often when things move. */
const CONNECT_MS = 10_000

type Frame =
  | { type: 'snapshot'; seq: number; at: number; state: LiveState }
  | { type: 'delta'; seq: number; at: number; state: Partial<LiveState>; messages?: MessageSummary[] }
  | { type: 'error'; problem: { detail?: string } }

export interface LiveParts {
  ticket: () => Promise<string>
  snapshot: () => Promise<LiveState>
  socket: (ticket: string) => WebSocket
  random?: () => number
  now?: () => number
}

/** Newest first, each id once, changed ones in their place, never more than MESSAGES_MAX. `changes` come newest last. */
export function mergeMessages(before: readonly MessageSummary[], changes: readonly MessageSummary[]): MessageSummary[] {
  const merged = new Map(before.map((message) => [message.message_id, message]))
  const fresh: MessageSummary[] = []
  for (const message of changes) {
    if (merged.has(message.message_id)) merged.set(message.message_id, message)
    else fresh.push(message)
  }
  const seen = new Set<string>()
  const newest = fresh.reverse().filter((message) => !seen.has(message.message_id) && seen.add(message.message_id))
  return [...newest, ...merged.values()].slice(0, MESSAGES_MAX)
}

/** Full jitter between half and all of a pause that doubles with each failure. */
export function pauseAfter(failures: number, random: () => number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10))
  return longest / 2 + (longest / 2) * random()
}

export function createLive(parts: LiveParts) {
  const random = parts.random ?? Math.random
  const now = parts.now ?? Date.now
  const state = shallowRef<LiveState>()
  const connection = shallowRef<Connection>('idle')
  const paused = shallowRef(false)
  const updatedAt = shallowRef<number>()
  /** When the next try to connect is due; for the banner. */
  const retryAt = shallowRef<number>()

  let socket: WebSocket | undefined
  let seq = -1
  let failures = 0
  let generation = 0
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let pollTimer: ReturnType<typeof setTimeout> | undefined
  let connectTimer: ReturnType<typeof setTimeout> | undefined

  function take(next: LiveState) {
    state.value = { ...next, messages: next.messages.slice(0, MESSAGES_MAX) }
    updatedAt.value = now()
  }

  function onFrame(frame: Frame) {
    if (frame.type === 'error') return
    if (frame.type === 'snapshot') {
      seq = frame.seq
      if (!paused.value || !state.value) take(frame.state)
      return
    }
    if (paused.value) return
    if (!state.value || frame.seq !== seq + 1) {
      ask('snapshot')
      seq = frame.seq
      return
    }
    seq = frame.seq
    const messages = frame.messages?.length ? mergeMessages(state.value.messages, frame.messages) : state.value.messages
    state.value = { ...state.value, ...frame.state, messages }
    updatedAt.value = now()
  }

  function ask(type: 'snapshot' | 'pause' | 'resume') {
    if (socket?.readyState === 1) socket.send(JSON.stringify({ type }))
  }

  async function connect() {
    const mine = generation
    clearTimeout(retryTimer)
    retryAt.value = undefined
    if (connection.value === 'idle') connection.value = 'connecting'
    try {
      const ticket = await parts.ticket()
      if (mine !== generation) return
      open(ticket, mine)
    } catch {
      if (mine === generation) lost()
    }
  }

  function open(ticket: string, mine: number) {
    const opened = parts.socket(ticket)
    socket = opened
    connectTimer = setTimeout(() => opened.close(), CONNECT_MS)
    opened.onmessage = (event: MessageEvent<string>) => {
      if (mine !== generation || socket !== opened) return
      if (connection.value !== 'live') {
        clearTimeout(connectTimer)
        stopPolling()
        failures = 0
        connection.value = 'live'
        if (paused.value) ask('pause')
      }
      try {
        onFrame(JSON.parse(event.data) as Frame)
      } catch {
        opened.close()
      }
    }
    opened.onclose = () => {
      if (mine !== generation || socket !== opened) return
      socket = undefined
      clearTimeout(connectTimer)
      lost()
    }
  }

  function lost() {
    failures += 1
    if (connection.value !== 'polling') connection.value = 'offline'
    const pause = pauseAfter(failures, random)
    retryAt.value = now() + pause
    clearTimeout(retryTimer)
    retryTimer = setTimeout(() => void connect(), pause)
    if (pollTimer === undefined) void poll()
  }

  async function poll() {
    const mine = generation
    pollTimer = setTimeout(() => void poll(), POLL_MS)
    try {
      const next = await parts.snapshot()
      if (mine !== generation || connection.value === 'live') return
      connection.value = 'polling'
      if (!paused.value || !state.value) take(next)
    } catch {
      if (mine === generation && connection.value !== 'live') connection.value = 'offline'
    }
  }

  function stopPolling() {
    clearTimeout(pollTimer)
    pollTimer = undefined
  }

  function stop() {
    generation += 1
    clearTimeout(retryTimer)
    clearTimeout(connectTimer)
    stopPolling()
    const closing = socket
    socket = undefined
    closing?.close()
    seq = -1
    failures = 0
    connection.value = 'idle'
    state.value = undefined
    updatedAt.value = undefined
    retryAt.value = undefined
  }

  return {
    state: computed(() => state.value),
    connection: computed(() => connection.value),
    paused: computed(() => paused.value),
    updatedAt: computed(() => updatedAt.value),
    retryAt: computed(() => retryAt.value),
    /** Connects if it is not connected; called after the login. */
    start() { if (connection.value === 'idle') void connect() },
    stop,
    retryNow() { if (!socket) void connect() },
    pause() { paused.value = true; ask('pause') },
    resume() {
      paused.value = false
      ask('resume')
      ask('snapshot')
      if (connection.value !== 'live') { stopPolling(); void poll() }
    },
  }
}

export type Live = ReturnType<typeof createLive>
const LIVE: InjectionKey<Live> = Symbol('live')
export const provideLive = (app: App, live: Live) => app.provide(LIVE, live)
export function useLive(): Live {
  const live = inject(LIVE)
  if (!live) throw new Error('no live store was provided')
  return live
}
