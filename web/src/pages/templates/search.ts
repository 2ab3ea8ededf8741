// Search over all templates, not over the page on the screen: reads on until the page is full or enough was read, and says
// where it stopped.
import type { Page } from '@/api/resource'
import type { Template } from './types'

export const PAGE_SIZE = 50
export const READ_SIZE = 200
export const READS_MAX = 5

export function matches(template: Template, words: string): boolean {
  const all = `${template.name}\n${template.title ?? ''}\n${template.subject}\n${template.id}`.toLowerCase()
  return words.toLowerCase().split(/\s+/).filter(Boolean).every((word) => all.includes(word))
}

type Read = (cursor: string | undefined, limit: number) => Promise<Page<Template>>

export async function searchTemplates(words: string, cursor: string | undefined, read: Read): Promise<Page<Template>> {
  if (!words.trim()) return read(cursor, PAGE_SIZE)
  const found: Template[] = []
  let at = cursor
  for (let reads = 0; reads < READS_MAX; reads += 1) {
    const page = await read(at, READ_SIZE)
    found.push(...page.items.filter((template) => matches(template, words)))
    at = page.next_cursor ?? undefined
    if (!at) return { items: found }
    if (found.length >= PAGE_SIZE) return { items: found, next_cursor: at }
  }
  return { items: found, next_cursor: at, scanned_until: at }
}
