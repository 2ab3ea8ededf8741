// Pages of the navigation are fetched while nothing else is going on: each opens at once, also while the server is away.
import type { Router } from 'vue-router'
import { loadArea } from '@/i18n'

const START_MS = 3_000
const PAUSE_MS = 150

/** Whether the reader's network is one that should carry only what was asked for. */
function isScarce(): boolean {
  const { connection } = navigator as Navigator & { connection?: { saveData?: boolean; effectiveType?: string } }
  return Boolean(connection?.saveData) || /2g/.test(connection?.effectiveType ?? '')
}

/** Gives the way to call it off. */
export function fetchAhead(router: Router): () => void {
  if (isScarce()) return () => {}
  const loads: (() => Promise<unknown>)[] = [() => import('@/ui/ConfirmHost.vue'), () => import('./CommandPalette.vue')]
  for (const { meta, components } of router.getRoutes()) {
    const page = components?.default
    if (!meta.nav) continue
    if (typeof page === 'function') loads.push(page as () => Promise<unknown>)
    if (meta.area) loads.push(() => loadArea(meta.area as string))
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  const next = async () => {
    // What fails is fetched when it is asked for.
    await loads.shift()?.().catch(() => undefined)
    if (loads.length) timer = setTimeout(() => void next(), PAUSE_MS)
  }
  timer = setTimeout(() => void next(), START_MS)
  return () => { clearTimeout(timer); loads.length = 0 }
}
