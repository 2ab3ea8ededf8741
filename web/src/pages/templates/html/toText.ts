// The text part of an e-mail made from its HTML part: what a reader without HTML needs, with the addresses of links.
import { withoutHandlers } from './safe'

const BLOCKS = new Set(['ADDRESS', 'ARTICLE', 'BLOCKQUOTE', 'CENTER', 'DIV', 'DL', 'FIGURE', 'FOOTER', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'HEADER', 'HR', 'LI', 'MAIN', 'OL', 'P', 'PRE', 'SECTION', 'TABLE', 'TBODY', 'THEAD', 'TR', 'UL'])
const PARAGRAPHS = new Set(['P', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'BLOCKQUOTE', 'UL', 'OL', 'PRE'])
const SILENT = new Set(['SCRIPT', 'STYLE', 'HEAD', 'TITLE', 'TEMPLATE', 'NOSCRIPT'])

export function htmlToText(source: string, parser = new DOMParser()): string {
  const document = parser.parseFromString(withoutHandlers(source), 'text/html')
  const lines: string[] = ['']
  const add = (text: string) => { lines[lines.length - 1] += text }
  const breakLine = () => { if ((lines.at(-1) ?? '').trim() !== '') lines.push('') }
  const breakParagraph = () => { breakLine(); if (lines.length > 1 && lines.at(-2) !== '') lines.push('') }

  function visit(node: Node): void {
    if (node.nodeType === 3) {
      const text = (node.nodeValue ?? '').replace(/\s+/g, ' ')
      add(/\s$/.test(lines.at(-1) ?? ' ') || lines.at(-1) === '' ? text.trimStart() : text)
      return
    }
    if (node.nodeType !== 1) return
    const element = node as HTMLElement
    const tag = element.tagName
    if (SILENT.has(tag) || isHidden(element)) return
    if (tag === 'BR') { lines.push(''); return }
    if (tag === 'IMG') { const alt = element.getAttribute('alt')?.trim(); if (alt) add(`[${alt}]`); return }
    if (PARAGRAPHS.has(tag)) breakParagraph()
    else if (BLOCKS.has(tag)) breakLine()
    if (tag === 'HR') add('----------')
    if (tag === 'LI') add('- ')
    if (tag === 'TD' && (lines.at(-1) ?? '').trim() !== '') add('  ')
    const from = (lines.at(-1) ?? '').length
    const line = lines.length
    for (const child of element.childNodes) visit(child)
    if (tag === 'A') {
      const href = element.getAttribute('href')?.trim() ?? ''
      const shown = line === lines.length ? (lines.at(-1) ?? '').slice(from).trim() : ''
      if (href && !/^(#|javascript:)/i.test(href) && href !== shown && href !== `mailto:${shown}`) {
        lines[lines.length - 1] = (lines.at(-1) ?? '').trimEnd()
        add(shown ? ` (${href})` : href)
      }
    }
    if (PARAGRAPHS.has(tag)) breakParagraph()
    else if (BLOCKS.has(tag)) breakLine()
  }
  visit(document.body)
  return lines.map((line) => line.trim()).join('\n').replace(/\n{3,}/g, '\n\n').trim()
}

function isHidden(element: HTMLElement): boolean {
  return /display\s*:\s*none|mso-hide\s*:\s*all/i.test(element.getAttribute('style') ?? '')
}
