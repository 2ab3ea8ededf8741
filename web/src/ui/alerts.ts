// What needs somebody's attention, from the live state; worst first. Each names the page where something can be done.
import type { RouteLocationRaw } from 'vue-router'
import type { LiveState } from '@/api/contract'

export interface Alert {
  id: string
  tone: 'bad' | 'warn'
  /** A key below "common.alert.", with values for it. */
  kind: 'breaker' | 'probing' | 'dead' | 'unknown' | 'pool' | 'limit' | 'queue'
  values: Record<string, string | number>
  to: RouteLocationRaw
}

const POOL_FULL = 0.9
const LIMIT_NEAR = 0.95

export function alertsOf(state: LiveState): Alert[] {
  const alerts: Alert[] = []
  for (const account of state.accounts) {
    if (account.status !== 'active' || account.breaker === 'closed') continue
    const isOpen = account.breaker === 'open'
    alerts.push({ id: `account-${account.id}`, tone: isOpen ? 'bad' : 'warn', kind: isOpen ? 'breaker' : 'probing', values: { name: account.name, provider: account.provider, channel: account.channel }, to: { path: '/providers', query: { open: String(account.id) } } })
  }
  if (state.dead_letter_count > 0) alerts.push({ id: 'dead', tone: 'bad', kind: 'dead', values: { count: state.dead_letter_count }, to: '/dead-letters' })
  if (state.unknown_count > 0) alerts.push({ id: 'unknown', tone: 'warn', kind: 'unknown', values: { count: state.unknown_count }, to: { path: '/messages', query: { status: 'unknown' } } })
  for (const pool of state.pools) {
    if (pool.queue_capacity > 0 && pool.queue_size / pool.queue_capacity >= POOL_FULL) alerts.push({ id: `pool-${pool.id}`, tone: 'bad', kind: 'queue', values: { name: pool.name, size: pool.queue_size, capacity: pool.queue_capacity }, to: '/pools' })
    else if (pool.use >= POOL_FULL && pool.size >= pool.max) alerts.push({ id: `pool-${pool.id}`, tone: 'warn', kind: 'pool', values: { name: pool.name, max: pool.max }, to: '/pools' })
  }
  for (const limit of state.limits) {
    if (limit.allowed > 0 && limit.current / limit.allowed >= LIMIT_NEAR) alerts.push({ id: `limit-${limit.resource}-${limit.type}`, tone: 'warn', kind: 'limit', values: { resource: limit.resource, current: limit.current, allowed: limit.allowed }, to: { path: '/pools', query: { tab: 'limits' } } })
  }
  return alerts.sort((a, b) => Number(b.tone === 'bad') - Number(a.tone === 'bad'))
}
