// Text work around MJML: what a design is stored as, where the first one comes from, and what compiling leaves to be mended so
// that the tags of the template language come through. Nothing here needs the editor.
import type { Draft } from '../draft'
import { withoutHandlers } from '../html/safe'

/** What is stored with a template, as JSON: the MJML, and a mark of the HTML it became. */
export interface Design { editor: 'mjml'; version: 1; mjml: string; html_mark: string }
export const DESIGN_BYTES_MAX = 512 * 1024
export const HTML_BYTES_MAX = 65_536
export const bytesOf = (text: string): number => new TextEncoder().encode(text).length

/** A short mark of a text (FNV-1a): only to see that it was changed since. */
export function markOf(text: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0') + text.length.toString(16)
}

export function readDesign(text: string): Design | undefined {
  if (!text) return undefined
  try {
    const value = JSON.parse(text) as Partial<Design>
    return value.editor === 'mjml' && typeof value.mjml === 'string' && /<mj-body/.test(value.mjml) ? { editor: 'mjml', version: 1, mjml: value.mjml, html_mark: String(value.html_mark ?? '') } : undefined
  } catch {
    return undefined
  }
}

export const writeDesign = (mjml: string, html: string): string => JSON.stringify({ editor: 'mjml', version: 1, mjml, html_mark: markOf(html) } satisfies Design)

export const escapeHtml = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')

export interface StarterWords { title: string; text: string; button: string; footer: string }
const FONT = "Helvetica, Arial, 'PingFang SC', 'Microsoft YaHei', sans-serif"
export const wrapBody = (sections: string): string => `<mjml><mj-body background-color="#f4f4f2" width="600px">${sections}</mj-body></mjml>`
const section = (inner: string, background = '#ffffff') => `<mj-section background-color="${background}" padding="24px 12px"><mj-column>${inner}</mj-column></mj-section>`
const text = (inner: string, more = '') => `<mj-text font-family="${FONT}" line-height="1.6" ${more}>${inner}</mj-text>`

export function starterMjml(words: StarterWords): string {
  return wrapBody(
    section(text(`<strong>${escapeHtml(words.title)}</strong>`, 'font-size="24px"') + text(escapeHtml(words.text), 'font-size="15px"') + `<mj-button font-family="${FONT}" background-color="#0f5e63" color="#ffffff" border-radius="6px" href="https://example.com" align="left">${escapeHtml(words.button)}</mj-button>`)
    + section(text(escapeHtml(words.footer), 'font-size="12px" color="#6b6b66" align="center"'), '#f4f4f2'),
  )
}

export type Origin = 'design' | 'html' | 'text' | 'starter'

/** The MJML to begin with, and where it is from. */
export function firstMjml(draft: Draft, words: StarterWords, parser = new DOMParser()): { mjml: string; origin: Origin; changed: boolean } {
  const design = readDesign(draft.design)
  if (design) return { mjml: design.mjml, origin: 'design', changed: draft.html !== '' && design.html_mark !== '' && design.html_mark !== markOf(draft.html) }
  if (draft.html.trim()) {
    const document = parser.parseFromString(withoutHandlers(draft.html), 'text/html')
    for (const element of document.querySelectorAll('script, style, link, meta, base, title, iframe, frame, object, embed, applet, video, audio')) element.remove()
    return { mjml: wrapBody(section(text(document.body.innerHTML.trim()))), origin: 'html', changed: false }
  }
  if (draft.content.trim()) {
    const paragraphs = draft.content.trim().split(/\n{2,}/).map((each) => text(escapeHtml(each).replace(/\n/g, '<br>'), 'font-size="15px"'))
    return { mjml: wrapBody(section(paragraphs.join(''))), origin: 'text', changed: false }
  }
  return { mjml: starterMjml(words), origin: 'starter', changed: false }
}

const ENTITIES: Record<string, string> = { '&quot;': '"', '&#34;': '"', '&#39;': "'", '&apos;': "'", '&lt;': '<', '&gt;': '>', '&amp;': '&', '&nbsp;': ' ', '\u00A0': ' ' }
const TAG = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|\{#[\s\S]*?#\}/g
const ENCODED_TAG = /%7B%7B(.*?)%7D%7D/gi

/** Inside the tags of the template language there are no HTML references and no percent signs: they are program text. */
export function mendTags(html: string): string {
  return html
    .replace(ENCODED_TAG, (whole, inner: string) => { try { return `{{${decodeURIComponent(inner)}}}` } catch { return whole } })
    .replace(TAG, (tag) => tag.replace(/&quot;|&#34;|&#39;|&apos;|&lt;|&gt;|&amp;|&nbsp;|\u00A0/g, (entity) => ENTITIES[entity] ?? entity))
}

/** Without the indentation that MJML writes, and in the language of the template: about a third smaller. */
export function tidyHtml(html: string, language: string): string {
  return mendTags(html)
    .replace(/\n\s+/g, '\n').replace(/\n{2,}/g, '\n')
    .replace(/<html(?![^>]*\slang=(?!"und"))/i, `<html lang="${language}"`).replace(/(<html lang="[^"]+"[^>]*?)\s+lang="und"/i, '$1')
    .trim()
}
