// Pages are found by folder: each pages/<area>/routes.ts exports its routes, with an entry for the navigation where it has one.
import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteRecordRaw } from 'vue-router'
import type { Session } from './api/session'
import { i18n, loadArea } from './i18n'
import { opening } from './shell/progress'
import { toast } from './ui/feedback'

const found = import.meta.glob<{ default: RouteRecordRaw[] }>('./pages/*/routes.ts', { eager: true })
export const routes: RouteRecordRaw[] = Object.values(found).flatMap((file) => file.default)

export function titleOf(route: RouteLocationNormalized): string {
  const { title, area } = route.meta
  return title ?? (area ? `${area}.title` : 'common.product')
}

const isUp = () => fetch('/livez', { signal: AbortSignal.timeout(5_000) }).then((reply) => reply.ok, () => false)

export function makeRouter(session: Session) {
  const router = createRouter({
    history: createWebHistory(),
    routes,
    scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
  })
  router.beforeEach(async (to, from) => {
    opening.value = to.path !== from.path
    if (to.meta.open) return true
    return (await session.ensure()) ? true : { name: 'login', query: to.fullPath === '/' ? {} : { back: to.fullPath } }
  })
  router.beforeResolve(async (to) => { if (to.meta.area) await loadArea(to.meta.area) })
  router.afterEach((to, from) => {
    opening.value = false
    document.title = `${i18n.global.t(titleOf(to))} · ${i18n.global.t('common.product')}`
    // Readers of the screen hear the new page; a changed filter is none.
    if (from.matched.length && to.path !== from.path) requestAnimationFrame(() => document.getElementById('page-title')?.focus({ preventScroll: true }))
  })
  // After an upgrade of the server the old chunks are gone: load the page anew, once. A server that is away cannot give it: then
  // the page stays as it is, with everything that was typed in.
  router.onError(async (error, to) => {
    opening.value = false
    if (!/dynamically imported module|Importing a module script|preload CSS/i.test(String(error))) return
    if (!(await isUp())) {
      toast(i18n.global.t('common.state.offline.title'), 'bad', { label: i18n.global.t('common.retry'), run: () => void router.push(to.fullPath) })
      return
    }
    const name = 'hongyan.reloaded'
    if (Date.now() - Number(sessionStorage.getItem(name) ?? 0) < 10_000) return
    sessionStorage.setItem(name, String(Date.now()))
    location.assign(to.fullPath)
  })
  return router
}
