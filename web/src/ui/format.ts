// Numbers, dates and durations in the language of the moment. Formatters are kept: making one is slow.
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { LOCALE_TAG, type Language } from '@/i18n'

type Instant = string | number | Date | null | undefined
const NOTHING = '–'
const numberFormats = new Map<string, Intl.NumberFormat>()
const dateFormats = new Map<string, Intl.DateTimeFormat>()

function numberFormat(tag: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const name = tag + JSON.stringify(options)
  let format = numberFormats.get(name)
  if (!format) numberFormats.set(name, (format = new Intl.NumberFormat(tag, options)))
  return format
}

function dateFormat(tag: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = tag + JSON.stringify(options)
  let format = dateFormats.get(name)
  if (!format) dateFormats.set(name, (format = new Intl.DateTimeFormat(tag, options)))
  return format
}

export function toDate(instant: Instant): Date | undefined {
  if (instant === null || instant === undefined || instant === '') return undefined
  const date = new Date(instant)
  return Number.isNaN(date.getTime()) ? undefined : date
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]]

/** Chinese words stand off from numbers, as in all other texts. */
const spaced = (text: string) => text.replace(/(\d)(?=\p{Script=Han})/gu, '$1\u00a0')

export function makeFormat(language: Language) {
  const tag = LOCALE_TAG[language]
  const relativeFormat = new Intl.RelativeTimeFormat(tag, { numeric: 'auto', style: 'short' })
  const unit = (value: number, name: string, digits: number) =>
    spaced(numberFormat(tag, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: digits }).format(value))

  const when = (options: Intl.DateTimeFormatOptions) => (instant: Instant): string => {
    const date = toDate(instant)
    return date ? dateFormat(tag, options).format(date) : NOTHING
  }

  return {
    number: (value: number | null | undefined, digits = 0) =>
      value === null || value === undefined || Number.isNaN(value) ? NOTHING : numberFormat(tag, { maximumFractionDigits: digits }).format(value),
    /** 12,431 → 12K / 1.2万: for axes and small places. Four digits stay as they are. */
    compact: (value: number | null | undefined) =>
      value === null || value === undefined ? NOTHING
        : numberFormat(tag, Math.abs(value) < 10_000 ? { maximumFractionDigits: 1 } : { notation: 'compact', maximumFractionDigits: 1 }).format(value),
    /** Takes 99.8 (as the API sends), not 0.998. */
    percent: (value: number | null | undefined, digits = 1) =>
      value === null || value === undefined || Number.isNaN(value) ? NOTHING
        : numberFormat(tag, { style: 'percent', minimumFractionDigits: 0, maximumFractionDigits: digits }).format(value / 100),
    /** From milliseconds: "12.5 ms", "3.2 s", "4 min". */
    duration: (ms: number | null | undefined): string => {
      if (ms === null || ms === undefined || Number.isNaN(ms)) return NOTHING
      const size = Math.abs(ms)
      if (size < 1_000) return unit(ms, 'millisecond', size < 100 ? 1 : 0)
      if (size < 60_000) return unit(ms / 1_000, 'second', size < 10_000 ? 2 : 1)
      if (size < 3_600_000) return unit(ms / 60_000, 'minute', 1)
      if (size < 86_400_000) return unit(ms / 3_600_000, 'hour', 1)
      return unit(ms / 86_400_000, 'day', 1)
    },
    bytes: (count: number | null | undefined): string => {
      if (count === null || count === undefined) return NOTHING
      if (count < 1_024) return unit(count, 'byte', 0)
      if (count < 1_048_576) return unit(count / 1_024, 'kilobyte', 1)
      return unit(count / 1_048_576, 'megabyte', 1)
    },
    dateTime: when({ dateStyle: 'medium', timeStyle: 'medium' }),
    dateTimeMs: when({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hour12: false }),
    date: when({ dateStyle: 'medium' }),
    day: when({ month: 'short', day: 'numeric' }),
    longDate: when({ dateStyle: 'full' }),
    time: when({ hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }),
    timeMs: when({ hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hour12: false }),
    relative: (instant: Instant, now: number): string => {
      const date = toDate(instant)
      if (!date) return NOTHING
      const seconds = Math.round((date.getTime() - now) / 1_000)
      const [name, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1]
      return spaced(relativeFormat.format(Math.trunc(seconds / size), name))
    },
  }
}

export type Format = ReturnType<typeof makeFormat>
const byLanguage = new Map<Language, Format>()

export function formatFor(language: Language): Format {
  let format = byLanguage.get(language)
  if (!format) byLanguage.set(language, (format = makeFormat(language)))
  return format
}

/** `const format = useFormat()` then `format.value.number(n)`; in templates `format.number(n)`. */
export function useFormat() {
  const { locale } = useI18n({ useScope: 'global' })
  return computed(() => formatFor(locale.value as Language))
}
