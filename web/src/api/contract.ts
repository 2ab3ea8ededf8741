// Shapes that the console uses by short names, and the routes whose description is not (yet) in docs/openapi.json.
// An entry of ContractPaths hides the one of the generated file: delete it as soon as the document has the route.
import type { components } from './schema'

export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]
export type Message = Schema<'Message'>
export type Channel = Message['channel']
export type MessageStatus = Message['status']
export type Pool = Schema<'Pool'>
export type DayTotals = Schema<'DayTotals'>
export type ChannelTotals = Schema<'ChannelTotals'>
export type Totals = Schema<'Totals'>
export type LiveSums = Schema<'LiveSums'>
export type QueueState = Schema<'QueueState'>
export type Scope = 'send' | 'read' | 'manage' | 'admin'

/** A message as lists and the live stream carry it: the whole one has more members. */
export type MessageSummary = Pick<Message, 'message_id' | 'trace_id' | 'channel' | 'recipient' | 'status' | 'priority' | 'attempts' | 'created_at'> & Partial<Message>

export interface SessionInfo {
  key: { id: number; name: string; prefix: string; scopes: Scope[]; expires_at?: string | null }
  tenant_id: number
  /** Its name. */
  tenant: string
  server: {
    version: string
    started_at: string
    now: string
    store: string
    queue: string
    coordination: string
    sandbox: boolean
    api_url: string
  }
  channels: { name: Channel; providers: string[]; has_account: boolean }[]
}

export interface LivePool { id: number; name: string; size: number; core: number; max: number; active: number; queue_size: number; queue_capacity: number; use: number }
export interface LiveLimit { resource: string; type: string; current: number; allowed: number; refused: number }
export interface LiveAccount { id: number; channel: Channel; name: string; provider: string; status: string; breaker: 'closed' | 'open' | 'half_open'; health: number }

export interface LiveState {
  totals: { today: Totals; week: Totals }
  by_day: DayTotals[]
  by_channel: ChannelTotals[]
  realtime: { last_minute: LiveSums; last_hour: LiveSums }
  queue: QueueState
  pools: LivePool[]
  limits: LiveLimit[]
  accounts: LiveAccount[]
  messages: MessageSummary[]
  unknown_count: number
  dead_letter_count: number
}

export interface LiveTicket { ticket: string; expires_in_seconds: number }
export interface DemoState { running: boolean; sent: number; remaining_seconds: number }
export interface DemoRequest { seconds: number; per_second: number; failure_percent: number }

export interface MessageCounts { by_status: Record<string, number>; total: number; capped: boolean }
export interface SavedView { name: string; page: string; query: string }
export interface RedriveRun { id: number; status: string; matched: number; retried: number; rate_per_second?: number; eta_seconds?: number; detail?: string; started_at: string }

type Reply<Body> = { headers: { [name: string]: unknown }; content: { 'application/json': Body } }
type Operation<Body, Request = never, Query = never, Path = never> = {
  parameters: { query?: Query; header?: never; path: Path; cookie?: never }
  requestBody: [Request] extends [never] ? never : { content: { 'application/json': Request } }
  responses: { 200: Reply<Body> }
}
type Bare<Body> = { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: Reply<Body> } }
type Sending<Body, Request> = { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { 'application/json': Request } }; responses: { 200: Reply<Body> } }
type Removing<Path> = { parameters: { query?: never; header?: never; path: Path; cookie?: never }; requestBody?: never; responses: { 200: Reply<unknown> } }
export type { Operation, Bare, Sending, Removing }

export interface ContractPaths {
  '/api/session': { get: Bare<SessionInfo> }
  '/api/live/snapshot': { get: Bare<LiveState> }
  '/api/live/tickets': { post: Bare<LiveTicket> }
  '/api/messages/counts': { get: { parameters: { query?: Record<string, string>; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: Reply<MessageCounts> } } }
  '/api/views': { get: Bare<{ items: SavedView[] }> }
  '/api/views/{name}': {
    put: Operation<SavedView, { page: string; query: string }, never, { name: string }>
    delete: Removing<{ name: string }>
  }
  '/api/messages/dead-letters/runs': { get: Bare<{ items: RedriveRun[] }> }
  '/api/messages/dead-letters/runs/{id}': { delete: Removing<{ id: number }> }
  '/api/limits/check': { post: Sending<{ would_pass: boolean; rule?: unknown; current?: number; allowed?: number; retry_after_ms?: number | null }, { resource: string; cost: number }> }
  '/api/keys/{id}/rotate': { post: Operation<Schema<'NewKey'>, { overlap_hours: number }, never, { id: number }> }
  '/api/settings': { get: Bare<{ items: { name: string; value: unknown; default: unknown; origin: string; description: string; needs_restart?: boolean }[] }> }
  '/api/sandbox/demo': { get: Bare<DemoState>; post: Sending<DemoState, DemoRequest>; delete: Bare<DemoState> }
}
