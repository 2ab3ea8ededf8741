import { PlugZap } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/providers', name: 'providers', component: () => import('./ProvidersPage.vue'), meta: { area: 'providers', scope: 'read', nav: { section: 'operate', order: 1, icon: PlugZap, key: 'v' } } },
] satisfies RouteRecordRaw[]
