// A server that only the live screen needs: the built console, a session, and live states that change as fast as they are read.
import { createServer } from 'node:http'
import { serveStatic } from './statics.mjs'
import { acceptWebSocket } from './websocket.mjs'

const CHANNELS = ['sms', 'email', 'app', 'wechat', 'feishu']
const STATUSES = ['success', 'delivered', 'failed', 'retrying', 'processing']

/** Numbers that look random and are the same in each run. */
function makeRandom(seed) {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

export class World {
  random = makeRandom(7)
  sent = 0
  failed = 0
  lastId = 1_968_453_871_263_744_000n
  changes = []
  messages = []

  totals(sent, failed) {
    const success = sent - failed
    return { total_sent: sent, success_count: success, failed_count: failed, success_rate: sent ? Math.round((success / sent) * 10_000) / 100 : 0, avg_response_time_ms: 10 + this.random() * 5, p95_response_time_ms: 30 }
  }

  /** One step: some messages are accepted, some that were there change. */
  step() {
    const count = 1 + Math.floor(this.random() * 3)
    this.changes = []
    for (let index = 0; index < count; index += 1) {
      this.lastId += 1n
      this.sent += 1
      const message = { message_id: String(this.lastId), trace_id: `msg_${this.lastId}`, channel: CHANNELS[Math.floor(this.random() * 5)], recipient: `138${Math.floor(this.random() * 1e8)}`, status: 'pending', priority: Math.floor(this.random() * 11), attempts: 0, created_at: new Date().toISOString() }
      this.messages.unshift(message)
      this.changes.push(message)
    }
    const old = this.messages[Math.floor(this.random() * this.messages.length)]
    old.status = STATUSES[Math.floor(this.random() * STATUSES.length)]
    if (old.status === 'failed') { this.failed += 1; old.reason = 'transient 451: try later' }
    this.changes.push({ ...old })
    this.messages.length = Math.min(this.messages.length, 50)
  }

  state() {
    const day = 86_400_000
    const today = Math.floor(Date.now() / day) * day
    const byDay = Array.from({ length: 7 }, (_, index) => ({ date: new Date(today - (6 - index) * day).toISOString().slice(0, 10), ...(index === 6 ? this.totals(this.sent, this.failed) : this.totals(1_000 * (index + 1), 10 * index)) }))
    const week = this.totals(byDay.reduce((sum, each) => sum + each.total_sent, 0), byDay.reduce((sum, each) => sum + each.failed_count, 0))
    const sums = { accepted: this.sent, sent: this.sent - this.failed, failed: this.failed, success_rate: 98, avg_response_time_ms: 12, per_second: this.random() * 40 }
    return {
      totals: { today: byDay[6], week }, by_day: byDay,
      by_channel: CHANNELS.map((channel, index) => ({ channel, ...this.totals(Math.floor(this.sent / (index + 2)) + 10, Math.floor(this.failed / (index + 3))) })),
      realtime: { last_minute: sums, last_hour: sums },
      queue: { total: 60, scheduled: 4, by_priority: Array.from({ length: 11 }, (_, priority) => ({ priority, count: Math.floor(this.random() * 30) })) },
      pools: ['message_sender', 'ai_processor', 'notifier'].map((name, index) => ({ id: index + 1, name, size: 20, core: 20, max: 100, active: Math.floor(this.random() * 20), queue_size: Math.floor(this.random() * 50), queue_capacity: 10_000, use: this.random() })),
      limits: [{ resource: 'api:/messages/send', type: 'qps', current: 12, allowed: 1_000, refused: 0 }],
      accounts: CHANNELS.map((channel, index) => ({ id: index + 1, channel, name: 'main', provider: 'sandbox', status: 'active', breaker: this.random() < 0.1 ? 'open' : 'closed', health: this.random() })),
      messages: this.messages, unknown_count: Math.floor(this.random() * 3), dead_letter_count: this.failed,
    }
  }
}

export async function startFakeServer() {
  const world = new World()
  world.step()
  const clients = new Set()
  let seq = 0
  const json = (response, value) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://a')
    if (pathname === '/api/session') {
      return json(response, { key: { id: 1, name: 'test', prefix: 'hy_test', scopes: ['admin'] }, tenant_id: 1, tenant: 'default', server: { version: '0', started_at: new Date().toISOString(), now: new Date().toISOString(), store: 'sqlite', queue: 'local', coordination: 'local', sandbox: true, api_url: '' }, channels: [] })
    }
    if (pathname === '/api/live/tickets') return json(response, { ticket: 'one', expires_in_seconds: 30 })
    if (pathname === '/api/live/snapshot') return json(response, world.state())
    if (pathname === '/api/sandbox/demo') return json(response, { running: false, sent: 0, remaining_seconds: 0 })
    if (pathname === '/api/messages') return json(response, { items: [] })
    if (pathname.startsWith('/api/')) return response.writeHead(404).end()
    return serveStatic(request, response)
  })
  server.on('upgrade', (request, socket) => {
    const client = acceptWebSocket(request, socket, {
      onClose: () => clients.delete(client),
      onText: (text) => { if (JSON.parse(text).type === 'snapshot') sendSnapshot(client) },
    })
    clients.add(client)
    sendSnapshot(client)
  })
  function sendSnapshot(client) {
    client.send(JSON.stringify({ type: 'snapshot', seq, at: Date.now(), state: world.state() }))
  }
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    world,
    url: `http://127.0.0.1:${server.address().port}`,
    /** A step and its delta to everybody; false while a reader has not taken what it was sent. */
    push() {
      if ([...clients].some((client) => client.waiting > 65_536)) return false
      world.step()
      seq += 1
      const { messages: _, ...state } = world.state()
      const text = JSON.stringify({ type: 'delta', seq, at: Date.now(), state, messages: world.changes })
      for (const client of clients) client.send(text)
      return true
    },
    get clients() { return clients.size },
    dropAll() { for (const client of clients) client.close() },
    stop: () => new Promise((resolve) => { for (const client of clients) client.close(); server.close(resolve); server.closeAllConnections() }),
  }
}
