import { expect, it } from 'vitest'
import { doneCount, partsOf, secondsLeft, type Task } from '@/pages/tasks/progress'
import { bySize, filterOf, messagesOf, type Group } from '@/pages/dead-letters/groups'

const task = { task_id: 1, total_count: 100, success_count: 40, failed_count: 10, cancelled_count: 0, expired_count: 0, pending_count: 50, status: 'processing' } as Task

it('the parts of a batch add up', () => {
  expect(partsOf(task).map((each) => each.percent)).toEqual([40, 10, 50])
  expect(doneCount(task)).toBe(50)
})
it('time left follows from the pace, and is not guessed without one', () => {
  expect(secondsLeft(task, undefined, 1_000)).toBeUndefined()
  expect(secondsLeft(task, { done: 50, at: 0 }, 1_000)).toBeUndefined()
  expect(secondsLeft(task, { done: 25, at: 0 }, 1_000)).toBe(2)
  expect(secondsLeft({ ...task, eta_seconds: 9 }, undefined, 0)).toBe(9)
  expect(secondsLeft({ ...task, status: 'completed' }, { done: 0, at: 0 }, 1_000)).toBeUndefined()
})
it('groups of dead letters come largest first and lead to their messages', () => {
  const group = (count: number, reason: string) => ({ count, reason, channel: 'sms', last_at: '', first_at: '', example: '1' }) as Group
  expect(bySize([group(1, 'a'), group(9, 'b')]).map((each) => each.reason)).toEqual(['b', 'a'])
  expect(filterOf(group(1, 'x'))).toEqual({ channel: 'sms', error: 'x' })
  expect(messagesOf(group(1, 'x')).query).toEqual({ status: 'failed', channel: 'sms', error: 'x' })
})
