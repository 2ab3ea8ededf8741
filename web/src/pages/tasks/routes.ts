import { Layers } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/tasks', name: 'tasks', component: () => import('./TasksPage.vue'), meta: { area: 'tasks', scope: 'read', nav: { section: 'watch', order: 4, icon: Layers, key: 't' } } },
] satisfies RouteRecordRaw[]
