import { Inbox } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/inbox', name: 'inbox', component: () => import('./InboxPage.vue'), meta: { area: 'inbox', scope: 'read', nav: { section: 'send', order: 4, icon: Inbox, key: 'i' } } },
] satisfies RouteRecordRaw[]
