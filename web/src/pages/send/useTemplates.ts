// The active templates, for pages that send by one.
import { computed } from 'vue'
import { body } from '@/api/client'
import type { Schema } from '@/api/contract'
import { useResource } from '@/api/resource'
import { useApi } from '@/api/session'

export type Template = Schema<'Template'>
const PAGES_MAX = 10

export function useTemplates() {
  const api = useApi()
  const templates = useResource<Template[]>(async (signal) => {
    const all: Template[] = []
    let cursor: string | undefined
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const reply = await body(api.GET('/api/messages/templates', { params: { query: { status: 'active', limit: 200, ...(cursor ? { cursor } : {}) } }, signal }))
      all.push(...reply.items)
      cursor = (reply as { next_cursor?: string | null }).next_cursor ?? undefined
      if (!cursor) break
    }
    return all
  })
  return { templates, items: computed(() => templates.data.value ?? []) }
}
