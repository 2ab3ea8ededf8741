// What the nodes of a cluster are, taken together.
import type { Schema } from '@/api/contract'

export type Node = Schema<'Node'>
export type NodeList = Schema<'NodeList'>
/** A beat comes every 2 s; from here on the node itself sends nothing more, and at 15 s the others take over. */
export const SILENT_MS = 10_000
export const DEAD_MS = 15_000

export type NodeState = 'living' | 'silent' | 'left'
export const stateOf = (node: Node): NodeState => (node.state !== 'living' ? 'left' : node.silent_ms > SILENT_MS ? 'silent' : 'living')

export interface Summary { living: number; all: number; leader?: string; inFlight: number; waiting: number; versions: string[]; broken: number }

export function summaryOf(list: NodeList): Summary {
  const living = list.items.filter((node) => stateOf(node) === 'living')
  const sum = (pick: (node: Node) => number | null | undefined) => living.reduce((total, node) => total + (pick(node) ?? 0), 0)
  return {
    living: living.length, all: list.items.length, leader: living.find((node) => node.leads)?.name,
    inFlight: sum((node) => node.in_flight), waiting: sum((node) => node.waiting),
    versions: [...new Set(living.map((node) => node.version))].sort(),
    broken: living.filter((node) => node.engines.some((engine) => !engine.ok)).length,
  }
}

/** This one first, then by name. */
export const inOrder = (nodes: readonly Node[]): Node[] => [...nodes].sort((a, b) => Number(b.self) - Number(a.self) || a.name.localeCompare(b.name, undefined, { numeric: true }))
