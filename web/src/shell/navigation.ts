// The navigation as the routes declare it.
import { computed } from 'vue'
import { useRouter, type RouteRecordNormalized } from 'vue-router'

export const SECTIONS = ['watch', 'send', 'operate', 'admin'] as const
export interface NavItem { path: string; title: string; section: (typeof SECTIONS)[number]; icon: NonNullable<RouteRecordNormalized['meta']['nav']>['icon']; key?: string; order: number }

export function navItems(records: readonly RouteRecordNormalized[]): NavItem[] {
  return records
    .flatMap((record) => (record.meta.nav ? [{ path: record.path, title: `common.nav.${String(record.name)}`, ...record.meta.nav }] : []))
    .sort((a, b) => SECTIONS.indexOf(a.section) - SECTIONS.indexOf(b.section) || a.order - b.order)
}

export function useNavigation() {
  const router = useRouter()
  const items = computed(() => navItems(router.getRoutes()))
  const sections = computed(() => SECTIONS.map((name) => ({ name, items: items.value.filter((item) => item.section === name) })).filter((section) => section.items.length))
  return { items, sections }
}
