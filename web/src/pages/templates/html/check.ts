// Looks over an e-mail as mail programs will: what they strip or refuse, links that lead nowhere, pictures that say nothing
// without images, and what spam filters dislike. Findings carry a key of the words (templates.check.<key>) and what it is about.
import { withoutBase, withoutEvents } from './safe'

export type Severity = 'bad' | 'warn' | 'info'
export interface Finding { key: string; severity: Severity; about?: string; count?: number }
export interface LinkInfo { text: string; href: string; problem?: 'empty' | 'script' | 'plain' | 'relative' | 'differs' | 'invalid' }
export interface CheckInput { subject: string; text: string; html: string }
export interface CheckResult { findings: Finding[]; links: LinkInfo[]; images: number; bytes: number }

/** Gmail cuts what is longer. */
export const CLIPPED_BYTES = 102 * 1024
const LONG_SUBJECT = 60
const SHORTENED = /\b(bit\.ly|t\.cn|tinyurl\.com|goo\.gl|dwz\.cn|url\.cn)\//i
// Properties that a widely used mail program does not know.
const STYLES: [RegExp, string][] = [
  [/display\s*:\s*(flex|inline-flex|grid|inline-grid)/i, 'flex, grid'], [/position\s*:\s*(fixed|absolute|sticky)/i, 'position'], [/(^|[;{\s])animation(-name)?\s*:/i, 'animation'],
  [/var\(--/i, 'var()'], [/(^|[;{\s])float\s*:/i, 'float'], [/object-fit\s*:/i, 'object-fit'], [/clip-path\s*:/i, 'clip-path'],
]

export function linkOf(text: string, href: string): LinkInfo {
  const link: LinkInfo = { text, href }
  const address = href.trim()
  if (address === '' || address === '#') return { ...link, problem: 'empty' }
  if (/^(javascript|data|vbscript):/i.test(address)) return { ...link, problem: 'script' }
  if (/^(mailto|tel|sms):/i.test(address)) return link
  if (!/^https?:\/\//i.test(address)) return { ...link, problem: 'relative' }
  let url: URL
  try { url = new URL(address) } catch { return { ...link, problem: 'invalid' } }
  const named = text.match(/^(?:https?:\/\/)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[/?#]|$)/i)?.[1]
  const bare = (host: string) => host.toLowerCase().replace(/^www\./, '')
  if (named && bare(named) !== bare(url.hostname)) return { ...link, problem: 'differs' }
  if (url.protocol === 'http:') return { ...link, problem: 'plain' }
  return link
}

export function checkMail(mail: CheckInput, parser = new DOMParser()): CheckResult {
  const findings: Finding[] = []
  const add = (key: string, severity: Severity, about?: string, count?: number) => findings.push({ key, severity, ...(about === undefined ? {} : { about }), ...(count === undefined ? {} : { count }) })
  if (!mail.subject.trim()) add('noSubject', 'bad')
  else if (Array.from(mail.subject).length > LONG_SUBJECT) add('longSubject', 'info', undefined, Array.from(mail.subject).length)
  if (!mail.text.trim()) add('noText', 'bad')
  const bytes = new TextEncoder().encode(mail.html).length
  if (!mail.html.trim()) return { findings, links: [], images: 0, bytes }

  const quiet = withoutEvents(mail.html)
  const document = parser.parseFromString(withoutBase(quiet), 'text/html')
  if (bytes > CLIPPED_BYTES) add('clipped', 'warn', undefined, Math.round(bytes / 1024))
  checkElements(document, quiet !== mail.html, add)
  const css = [...document.querySelectorAll('style')].map((style) => style.textContent).join('\n') + [...document.querySelectorAll('[style]')].map((element) => element.getAttribute('style')).join('\n')
  for (const [pattern, name] of STYLES) if (pattern.test(css)) add('style', 'info', name)
  const images = checkImages(document, add)
  const links = [...document.querySelectorAll('a')].map((link) => linkOf((link.textContent ?? '').replace(/\s+/g, ' ').trim() || (link.querySelector('img')?.getAttribute('alt') ?? ''), link.getAttribute('href') ?? ''))
  for (const problem of ['empty', 'script', 'invalid', 'relative', 'differs', 'plain'] as const) {
    const found = links.filter((link) => link.problem === problem)
    if (found.length) add(`link_${problem}`, problem === 'plain' ? 'warn' : 'bad', found[0]?.href || found[0]?.text, found.length)
  }
  if (links.some((link) => !link.text)) add('linkNoText', 'warn')
  const short = links.find((link) => SHORTENED.test(link.href))
  if (short) add('shortened', 'warn', short.href)
  const words = (document.body.textContent ?? '').replace(/\s+/g, '').length
  if (images && words < 40) add('onlyImages', 'warn')
  return { findings: findings.sort((a, b) => order(a) - order(b)), links, images, bytes }
}

const order = (finding: Finding) => ['bad', 'warn', 'info'].indexOf(finding.severity)
type Add = (key: string, severity: Severity, about?: string, count?: number) => void

function checkElements(document: Document, hasHandlers: boolean, add: Add): void {
  if (hasHandlers || document.querySelector('script')) add('script', 'bad')
  if (document.querySelector('form, input, button, select, textarea')) add('form', 'warn')
  if (document.querySelector('iframe, object, embed, video, audio')) add('embedded', 'warn')
  if (document.querySelector('link[rel~="stylesheet"]')) add('stylesheet', 'warn')
  if (document.querySelector('svg')) add('svg', 'info')
  if (!document.documentElement.getAttribute('lang')) add('noLang', 'info')
}

function checkImages(document: Document, add: Add): number {
  const images = [...document.querySelectorAll('img')]
  const silent = images.filter((image) => !image.hasAttribute('alt'))
  if (silent.length) add('noAlt', 'warn', silent[0]?.getAttribute('src') ?? '', silent.length)
  const plain = images.filter((image) => /^http:/i.test(image.getAttribute('src') ?? ''))
  if (plain.length) add('imagePlain', 'warn', plain[0]?.getAttribute('src') ?? '', plain.length)
  const relative = images.filter((image) => !/^(https?:|data:|cid:)/i.test(image.getAttribute('src') ?? ''))
  if (relative.length) add('imageRelative', 'bad', relative[0]?.getAttribute('src') ?? '', relative.length)
  const inline = images.filter((image) => /^data:/i.test(image.getAttribute('src') ?? ''))
  if (inline.length) add('imageInline', 'warn', undefined, inline.length)
  return images.length
}
