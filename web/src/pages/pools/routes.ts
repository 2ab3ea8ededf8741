import { Gauge } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/pools', name: 'pools', component: () => import('./PoolsPage.vue'), meta: { area: 'pools', scope: 'read', nav: { section: 'operate', order: 2, icon: Gauge, key: 'w' } } },
] satisfies RouteRecordRaw[]
