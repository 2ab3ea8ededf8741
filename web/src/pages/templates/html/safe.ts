// Makes an e-mail's HTML fit to be looked at in the console: nothing in it runs, is fetched from another host, submits or leads
// away. Pictures of other hosts become a frame that names them. What is missing is marked. The frame that shows it is
// sandboxed without scripts anyway; this keeps it silent as well.
import { hasMarks, plainMarks, splitMarks } from '../variables'

const REMOVED = 'script, link, base, iframe, frame, frameset, object, embed, applet, audio, video, source, track, meta[http-equiv], noscript, template'
const ADDRESSES = ['href', 'src', 'srcset', 'background', 'action', 'formaction', 'poster', 'xlink:href', 'data', 'ping']
const OUTSIDE = /^\s*(https?:)?\/\//i
const MARK_STYLE = 'background:#fde68a;color:#7c2d12;border:1px dashed #b45309;border-radius:3px;padding:0 3px;font-family:monospace'

/** A picture that stands for one which is not fetched: its host and size. */
export function standIn(address: string, width: string, height: string): string {
  const wide = Math.min(Math.max(Number.parseInt(width, 10) || 240, 40), 800)
  const high = Math.min(Math.max(Number.parseInt(height, 10) || Math.round(wide / 2.6), 24), 800)
  let host = address
  try { host = new URL(address, 'https://x.invalid').host } catch { /* shown as it is */ }
  const text = host.replace(/[^\w.:-]/g, '').slice(0, 40)
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}"><rect width="100%" height="100%" fill="#e7e5de"/><path d="M0 ${high} L${wide * 0.35} ${high * 0.45} L${wide * 0.6} ${high * 0.75} L${wide * 0.78} ${high * 0.55} L${wide} ${high}Z" fill="#c9c5b8"/><text x="50%" y="${Math.max(16, high * 0.3)}" text-anchor="middle" font-family="sans-serif" font-size="12" fill="#55534a">${text}</text></svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}

export const withoutOutside = (css: string): string => css
  .replace(/@import[^;]*;?/gi, '')
  .replace(/url\(\s*(['"]?)\s*(?!data:)[^)]*\1\s*\)/gi, 'none')
  .replace(/expression\s*\(/gi, 'none(')

/** Without event attributes, script addresses and other bases: before it is parsed, for browsers complain of them even where they cannot run. */
export const withoutHandlers = (source: string): string => withoutBase(withoutEvents(source)).replace(/<[^>]*>/g, (tag) => tag.replace(/(\s(?:href|src|action)\s*=\s*["']?)\s*(?:javascript|vbscript):[^"'\s>]*/gi, '$1#'))
/** Another base is refused by the page's own policy, with a complaint, already where it is only parsed. */
export const withoutBase = (source: string): string => source.replace(/<\/?base\b[^>]*>/gi, '')
/** Only without event attributes: addresses and bases stay. */
export const withoutEvents = (source: string): string => source.replace(/<[^>]*>/g, (tag) => tag.replace(/[\s/]on\w+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+)/gi, ''))

export interface SafeHtml { html: string; blocked: number; hadScripts: boolean }

export function safeHtml(source: string, parser = new DOMParser()): SafeHtml {
  const document = parser.parseFromString(withoutHandlers(source), 'text/html')
  let blocked = 0
  const hadScripts = document.querySelector('script') !== null
  for (const element of document.querySelectorAll(REMOVED)) element.remove()
  for (const element of document.querySelectorAll<HTMLElement>('*')) {
    for (const { name, value } of [...element.attributes]) {
      const lower = name.toLowerCase()
      if (lower.startsWith('on')) element.removeAttribute(name)
      else if (lower === 'style') element.setAttribute(name, withoutOutside(value))
      else if (lower === 'target') element.removeAttribute(name)
      else if (ADDRESSES.includes(lower)) blocked += tameAddress(element, lower, value)
      else if (hasMarks(value)) element.setAttribute(name, plainMarks(value))
    }
  }
  for (const style of document.querySelectorAll('style')) style.textContent = withoutOutside(style.textContent ?? '')
  markTexts(document)
  return { html: `<!doctype html>${document.documentElement.outerHTML}`, blocked, hadScripts }
}

function tameAddress(element: HTMLElement, name: string, value: string): number {
  if (element.tagName === 'A' && name === 'href') {
    // Shown on hover, but it leads nowhere.
    element.setAttribute('title', plainMarks(value))
    element.setAttribute('href', '#')
    return 0
  }
  if (element.tagName === 'IMG' && name === 'src') {
    if (/^\s*data:image\//i.test(value)) return 0
    element.setAttribute('src', standIn(plainMarks(value), element.getAttribute('width') ?? '', element.getAttribute('height') ?? ''))
    return OUTSIDE.test(value) ? 1 : 0
  }
  element.removeAttribute(name)
  return name === 'background' && OUTSIDE.test(value) ? 1 : 0
}

function markTexts(document: Document): void {
  const texts = [...document.querySelectorAll('*')].flatMap((element) => [...element.childNodes]).filter((node) => node.nodeType === 3 && hasMarks(node.nodeValue ?? ''))
  for (const text of texts) {
    const parent = text.parentElement
    if (!parent || /^(STYLE|TITLE|TEXTAREA)$/.test(parent.tagName)) {
      text.nodeValue = plainMarks(text.nodeValue ?? '')
      continue
    }
    for (const piece of splitMarks(text.nodeValue ?? '')) {
      const mark = document.createElement('mark')
      mark.setAttribute('style', MARK_STYLE)
      mark.textContent = piece.text
      parent.insertBefore(piece.missing ? mark : document.createTextNode(piece.text), text)
    }
    parent.removeChild(text)
  }
}
