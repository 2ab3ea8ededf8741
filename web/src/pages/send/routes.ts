import { Send } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'
import { loadArea } from '@/i18n'

export default [
  { path: '/send', name: 'send', // It shows the message as the page of messages does, in its words.
    component: async () => (await Promise.all([import('./SendPage.vue'), loadArea('messages')]))[0], meta: { area: 'send', scope: 'send', nav: { section: 'send', order: 2, icon: Send, key: 's' } } },
] satisfies RouteRecordRaw[]
