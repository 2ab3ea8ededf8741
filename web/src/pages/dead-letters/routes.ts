import { MailX } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/dead-letters', name: 'dead-letters', component: () => import('./DeadLettersPage.vue'), meta: { area: 'dead-letters', scope: 'read', nav: { section: 'watch', order: 5, icon: MailX, key: 'd' } } },
] satisfies RouteRecordRaw[]
