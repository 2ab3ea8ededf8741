import { Network } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/nodes', name: 'nodes', component: () => import('./NodesPage.vue'), meta: { area: 'nodes', scope: 'read', nav: { section: 'operate', order: 5, icon: Network, key: 'n' } } },
] satisfies RouteRecordRaw[]
