import { Upload } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'
import { loadArea } from '@/i18n'

export default [
  { path: '/batch', name: 'batch', // It shows tasks too, in their words.
    component: async () => (await Promise.all([import('./BatchPage.vue'), loadArea('tasks')]))[0], meta: { area: 'batch', scope: 'send', nav: { section: 'send', order: 3, icon: Upload, key: 'b' } } },
] satisfies RouteRecordRaw[]
