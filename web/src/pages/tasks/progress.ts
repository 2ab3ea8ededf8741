// How far a batch is, and when it will be done at the pace of the last seconds.
import type { Schema } from '@/api/contract'

export type Task = Schema<'Task'>
export const PARTS = ['success', 'failed', 'expired', 'cancelled', 'pending'] as const

export function partsOf(task: Task): { part: (typeof PARTS)[number]; count: number; percent: number }[] {
  const total = Math.max(1, task.total_count)
  return PARTS.map((part) => ({ part, count: task[`${part}_count`], percent: (task[`${part}_count`] / total) * 100 })).filter((each) => each.count > 0)
}

export const isEnded = (task: Task) => task.status === 'completed' || task.status === 'cancelled'
export const doneCount = (task: Task) => task.total_count - task.pending_count

/** Seconds left, from two looks at the same task; undefined while nothing can be said. */
export function secondsLeft(task: Task, before: { done: number; at: number } | undefined, now: number): number | undefined {
  if (isEnded(task)) return undefined
  if (task.eta_seconds !== undefined) return task.eta_seconds
  if (!before || now <= before.at) return undefined
  const perMs = (doneCount(task) - before.done) / (now - before.at)
  return perMs > 0 ? task.pending_count / perMs / 1_000 : undefined
}
