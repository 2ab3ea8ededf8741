// Changes of rows in words: fields by the names that the forms give them, values as people read them.
import { useI18n } from 'vue-i18n'
import { useFormat } from '@/ui/format'
import { fieldsOf, lengthOf, type RuleChange } from './changes'

const LIMIT_FIELDS: Record<string, string> = { resource: 'resource', limit_type: 'type', max_value: 'max', window_seconds: 'window', status: 'status', behavior: 'behavior', warm_up_seconds: 'warmUp', max_queueing_ms: 'queueing' }
const DIGITS = 3

export function useChangeWords() {
  const { t, te } = useI18n()
  const format = useFormat()
  const name = (field: string) => (LIMIT_FIELDS[field] ? t(`pools.${LIMIT_FIELDS[field]}`) : te(`pools.field.${field}`) ? t(`pools.field.${field}`) : field)

  function value(field: string, raw: unknown): string {
    if (typeof raw === 'number') return format.value.number(raw, DIGITS)
    if (field === 'limit_type') return t(`pools.types.${String(raw)}`)
    if (field === 'behavior') return t(`pools.behaviors.${String(raw)}`)
    if (field === 'status') return t(`common.status.${String(raw)}`)
    return String(raw)
  }

  /** "Largest size 100 → 200, Queue capacity 1,000 → 2,000"; of a row that was made, what it allows. */
  function what(change: RuleChange): string {
    if (!change.before) return t('pools.made', { max: value('max_value', change.after.max_value), type: value('limit_type', change.after.limit_type) })
    return fieldsOf(change).map((each) => `${name(each.name)} ${value(each.name, each.before)} → ${value(each.name, each.after)}`).join(t('pools.comma'))
  }
  /** The other way round: what it will be again. */
  function back(change: RuleChange): string {
    if (!change.before) return t('pools.removesItself')
    return fieldsOf(change).map((each) => `${name(each.name)} ${value(each.name, each.before)}`).join(t('pools.comma'))
  }
  const by = (who: string | null | undefined) => (who ? t('pools.by', { name: who }) : '')
  const made = (change: RuleChange) => [change.revert_at ? t('pools.lasting', { time: format.value.duration(lengthOf(change)) }) : '', by(change.by)].filter(Boolean).join(' · ')
  function ended(change: RuleChange): string {
    if (change.state === 'reverted') return change.ended_by ? t('pools.ended.revertedBy', { name: change.ended_by }) : t('pools.ended.reverted')
    if (change.state === 'kept') return t('pools.ended.kept', { name: change.ended_by ?? t('common.unknown') })
    return change.ended_by ? t('pools.ended.voidBy', { name: change.ended_by }) : t('pools.ended.void')
  }
  return { what, back, made, ended, by }
}
