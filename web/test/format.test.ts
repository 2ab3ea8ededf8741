import { describe, expect, it } from 'vitest'
import { formatFor, toDate } from '@/ui/format'

const en = formatFor('en')
const zh = formatFor('zh')

describe('formats', () => {
  it('show nothing as a dash, never as NaN', () => {
    for (const format of [en, zh]) {
      for (const show of [format.number, format.percent, format.duration, format.compact, format.bytes]) expect(show(undefined)).toBe('–')
      expect(format.number(Number.NaN)).toBe('–')
      expect(format.dateTime('no date')).toBe('–')
      expect(format.relative(null, 0)).toBe('–')
    }
  })
  it('speak both languages', () => {
    expect(en.number(12431)).toBe('12,431')
    expect(zh.compact(12431)).toBe('1.2万')
    expect(en.compact(12431)).toMatch(/^12\.4k$/i)
    expect(en.percent(99.8)).toBe('99.8%')
    expect(zh.duration(90_000)).toBe('1.5\u00a0分钟')
    expect(en.duration(12.54)).toBe('12.5 ms')
    expect(en.duration(3_200)).toMatch(/^3.2 secs?$/)
  })
  it('tell how long ago', () => {
    const now = Date.parse('2026-11-29T08:00:00Z')
    expect(en.relative('2026-11-29T07:57:00Z', now)).toMatch(/3 min.* ago/)
    expect(zh.relative('2026-11-29T06:00:00Z', now)).toContain('2\u00a0小时前')
    expect(en.relative('2026-11-29T08:00:00Z', now)).toBe('now')
  })
  it('take what the API sends', () => {
    expect(toDate('2026-11-23T08:00:00.123Z')?.getTime()).toBe(Date.parse('2026-11-23T08:00:00.123Z'))
    expect(toDate('')).toBeUndefined()
  })
})
