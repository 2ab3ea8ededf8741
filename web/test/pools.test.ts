import { expect, it } from 'vitest'
import { countdown, fieldsOf, historyOf, lengthOf, type RuleChange } from '@/pages/pools/changes'

const change = (more: Partial<RuleChange>) => ({ id: 1, at: '2026-11-23T08:00:00.000Z', state: 'lasting', before: { max_pool_size: 100 }, after: { max_pool_size: 200 }, ...more }) as RuleChange

it('a history has scaling, changes and their ends in the order of time', () => {
  const lines = historyOf(
    [change({ id: 2, at: '2026-11-23T08:10:00.000Z', state: 'waiting', revert_at: '2026-11-23T08:25:00.000Z' }), change({ state: 'reverted', revert_at: '2026-11-23T08:05:00.000Z', ended_at: '2026-11-23T08:05:00.500Z' })],
    [{ at: '2026-11-23T08:00:01.000Z', from: 20, to: 24, reason: 'queue' }],
  )
  expect(lines.map((line) => line.key)).toEqual(['c2', 'e1', 's2026-11-23T08:00:01.000Z24', 'c1'])
})
it('what took the place of another ends it without a line of its own', () => {
  expect(historyOf([change({ state: 'replaced', ended_at: '2026-11-23T08:01:00.000Z' })]).map((line) => line.kind)).toEqual(['rule'])
})
it('fields are told with what they were, and without it if the row was made', () => {
  expect(fieldsOf(change({}))).toEqual([{ name: 'max_pool_size', before: 100, after: 200 }])
  expect(fieldsOf(change({ before: undefined, after: { max_value: 5 } as unknown as RuleChange['after'] }))).toEqual([{ name: 'max_value', before: undefined, after: 5 }])
})
it('a countdown runs to nothing and not below', () => {
  const at = '2026-11-23T08:15:00.000Z'
  expect(countdown(at, Date.parse('2026-11-23T08:00:00.500Z'))).toBe('15:00')
  expect(countdown(at, Date.parse('2026-11-23T08:14:55.000Z'))).toBe('0:05')
  expect(countdown(at, Date.parse('2026-11-23T05:13:58.000Z'))).toBe('3:01:02')
  expect(countdown(at, Date.parse('2026-11-23T09:00:00.000Z'))).toBe('0:00')
  expect(lengthOf(change({ revert_at: at }))).toBe(900_000)
  expect(lengthOf(change({}))).toBe(0)
})
