import { LayoutTemplate } from 'lucide-vue-next'
import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/templates', name: 'templates', component: () => import('./TemplatesPage.vue'), meta: { area: 'templates', scope: 'read', nav: { section: 'send', order: 1, icon: LayoutTemplate, key: 'p' } } },
  { path: '/templates/new', name: 'template-new', component: () => import('./EditorPage.vue'), meta: { area: 'templates', scope: 'manage', title: 'templates.newTitle' } },
  { path: '/templates/:id(\\d+)', name: 'template', component: () => import('./EditorPage.vue'), meta: { area: 'templates', scope: 'read' } },
  // Apart from the rest: the block editor is as heavy as the whole console.
  { path: '/templates/:id(\\d+|new)/visual', name: 'template-visual', component: () => import('./visual/VisualEditor.vue'), meta: { area: 'templates', scope: 'manage', title: 'templates.visual.title' } },
] satisfies RouteRecordRaw[]
