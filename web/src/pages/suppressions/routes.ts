import { UserX } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/suppressions', name: 'suppressions', component: () => import('./SuppressionsPage.vue'), meta: { area: 'suppressions', scope: 'read', nav: { section: 'operate', order: 4, icon: UserX, key: 'u' } } },
] satisfies RouteRecordRaw[]
