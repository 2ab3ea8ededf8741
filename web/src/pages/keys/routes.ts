import { KeyRound } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/keys', name: 'keys', component: () => import('./KeysPage.vue'), meta: { area: 'keys', scope: 'admin', nav: { section: 'admin', order: 1, icon: KeyRound, key: 'k' } } },
] satisfies RouteRecordRaw[]
