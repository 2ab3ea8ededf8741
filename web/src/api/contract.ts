// Shapes that the console uses by short names. All come from docs/openapi.json by way of the generated schema.
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
export type LivePool = Schema<'LivePool'>
export type LiveLimit = Schema<'LiveLimit'>
export type LiveAccount = Schema<'LiveAccount'>
export type DemoState = Schema<'DemoState'>
export type DemoRequest = Schema<'DemoRequest'>
export type SessionInfo = Omit<Schema<'Session'>, 'key'> & { key: Omit<Schema<'Session'>['key'], 'scopes'> & { scopes: Scope[] } }
export type Scope = 'send' | 'read' | 'manage' | 'admin'

/** A message as lists and the live stream carry it: the whole one has more members. */
export type MessageSummary = Pick<Message, 'message_id' | 'trace_id' | 'channel' | 'recipient' | 'status' | 'priority' | 'attempts' | 'created_at'> & Partial<Message>
export type LiveState = Omit<Schema<'LiveState'>, 'messages'> & { messages: MessageSummary[] }
