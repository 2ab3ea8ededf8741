import { House } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/', name: 'home', component: () => import('./HomePage.vue'), meta: { area: 'home', nav: { section: 'watch', order: 1, icon: House, key: 'h' } } },
] satisfies RouteRecordRaw[]
