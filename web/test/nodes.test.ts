import { expect, it } from 'vitest'
import { inOrder, stateOf, summaryOf, type Node, type NodeList } from '@/pages/nodes/figures'

const node = (name: string, more: Partial<Node> = {}) => ({ number: 0, name, state: 'living', roles: ['api'], url: '', version: '1', started_at: '', silent_ms: 900, seen_at: '', held: 0, waiting: 2, in_flight: 3, self: false, leads: false, engines: [{ role: 'store', engine: 'postgres', ok: true }], ...more }) as Node

it('a node that does not beat is silent before it is declared dead', () => {
  expect([node('a'), node('a', { silent_ms: 12_000 }), node('a', { state: 'left', silent_ms: 20_000 })].map(stateOf)).toEqual(['living', 'silent', 'left'])
})
it('the figures of all are those of the living', () => {
  const list = { name: 'a', leads: false, cluster: true, ended: [], engines: [], items: [node('a'), node('b', { leads: true, version: '2', engines: [{ role: 'queue', engine: 'rabbitmq', ok: false }] }), node('c', { state: 'left', leads: true })] } as unknown as NodeList
  expect(summaryOf(list)).toEqual({ living: 2, all: 3, leader: 'b', inFlight: 6, waiting: 4, versions: ['1', '2'], broken: 1 })
  expect(summaryOf({ ...list, items: [node('a')] }).leader).toBeUndefined()
})
it('the one that answers comes first, the others as people count', () => {
  expect(inOrder([node('n10'), node('n2'), node('n3', { self: true })]).map((each) => each.name)).toEqual(['n3', 'n2', 'n10'])
})
