import { Activity } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/monitor', name: 'monitor', component: () => import('./MonitorPage.vue'), meta: { area: 'monitor', scope: 'read', nav: { section: 'watch', order: 2, icon: Activity, key: 'm' } } },
] satisfies RouteRecordRaw[]
