// Demo traffic over all channels by the sandbox: started, watched and stopped from wherever a page is empty.
import { computed, onScopeDispose, shallowRef } from 'vue'
import { body } from '@/api/client'
import type { DemoState } from '@/api/contract'
import { useSession } from '@/api/session'

export const DEMO = { seconds: 60, per_second: 50, failure_percent: 6 }
const WATCH_MS = 1_000

export function useDemo() {
  const session = useSession()
  const state = shallowRef<DemoState>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let gone = false

  async function watchIt() {
    clearTimeout(timer)
    state.value = await body(session.api.GET('/api/sandbox/demo')).catch(() => undefined)
    if (state.value?.running && !gone) timer = setTimeout(() => void watchIt(), WATCH_MS)
  }
  onScopeDispose(() => { gone = true; clearTimeout(timer) })

  const isPossible = computed(() => Boolean(session.info.value?.server.sandbox) && session.can('manage'))
  if (isPossible.value) void watchIt()
  return {
    state, isPossible,
    async start() {
      state.value = await body(session.api.POST('/api/sandbox/demo', { body: DEMO }))
      await watchIt()
    },
    async stop() {
      await body(session.api.DELETE('/api/sandbox/demo'))
      await watchIt()
    },
  }
}
