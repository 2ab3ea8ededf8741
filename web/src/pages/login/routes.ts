import type { RouteRecordRaw } from 'vue-router'

export default [
  { path: '/login', name: 'login', component: () => import('./LoginPage.vue'), meta: { area: 'login', open: true, bare: true } },
  { path: '/:path(.*)*', name: 'missing', component: () => import('./MissingPage.vue'), meta: { area: 'login', title: 'login.missing.title' } },
] satisfies RouteRecordRaw[]
