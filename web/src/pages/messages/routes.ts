import { Mails } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/messages', name: 'messages', component: () => import('./MessagesPage.vue'), meta: { area: 'messages', scope: 'read', nav: { section: 'watch', order: 3, icon: Mails, key: 'l' } } },
  { path: '/messages/:id(\\d+)', redirect: (to) => ({ name: 'messages', query: { open: String(to.params.id) } }) },
  { path: '/trace/:id', redirect: (to) => ({ name: 'messages', query: { open: String(to.params.id).replace(/^msg_/, '') } }) },
] satisfies RouteRecordRaw[]
