import { Webhook } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/webhooks', name: 'webhooks', component: () => import('./WebhooksPage.vue'), meta: { area: 'webhooks', scope: 'read', nav: { section: 'operate', order: 3, icon: Webhook, key: 'o' } } },
] satisfies RouteRecordRaw[]
