// Small numbers at entries of the navigation: what waits for somebody.
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useLive } from '@/api/live'
import { useFormat } from '@/ui/format'

export function useCounters() {
  const live = useLive()
  const format = useFormat()
  const { t } = useI18n()
  return computed<Record<string, { text: string; label: string } | undefined>>(() => {
    const dead = live.state.value?.dead_letter_count ?? 0
    return {
      '/dead-letters': dead ? { text: format.value.compact(dead), label: t('common.waitingDeadLetters', { count: format.value.number(dead) }) } : undefined,
    }
  })
}
