import { Settings } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/settings', name: 'settings', component: () => import('./SettingsPage.vue'), meta: { area: 'settings', scope: 'read', nav: { section: 'admin', order: 2, icon: Settings, key: ',' } } },
] satisfies RouteRecordRaw[]
