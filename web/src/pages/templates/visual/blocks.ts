// The blocks of the visual editor. The ones that come with grapesjs-mjml show pictures of other hosts (unsplash, placeholder.com,
// imgur, GitHub, Mailjet's icons), so these are our own: what they hold is text, or a picture that is part of the page.
import type { Editor } from 'grapesjs'

type Word = (key: string) => string
const FONT = "Helvetica, Arial, 'PingFang SC', 'Microsoft YaHei', sans-serif"
/** A grey field until there is an address: inside the page, so nothing is fetched. */
export const PICTURE = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" width="560" height="220"><path d="M0 0h560v220H0z" fill="#dcd9d0"/></svg>')}`

const icon = (inner: string) => `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">${inner}</svg>`
const text = (inner: string, more = '') => `<mj-text font-family="${FONT}" font-size="15px" line-height="1.6" ${more}>${inner}</mj-text>`
const column = (inner: string, width = '') => `<mj-column${width ? ` width="${width}"` : ''}>${inner}</mj-column>`
const section = (inner: string, more = 'background-color="#ffffff"') => `<mj-section padding="20px 12px" ${more}>${inner}</mj-section>`
const button = (label: string) => `<mj-button font-family="${FONT}" background-color="#0f5e63" color="#ffffff" border-radius="6px" href="https://example.com">${label}</mj-button>`
const picture = (alt: string) => `<mj-image src="${PICTURE}" alt="${alt}" padding="0"></mj-image>`

export function addBlocks(editor: Editor, t: Word): void {
  const say = (key: string) => t(`templates.block.${key}`)
  const title = t('templates.visual.starterTitle')
  const words = t('templates.visual.starterText')
  const layout = say('layout')
  const parts = say('parts')
  const ready = say('ready')
  const blocks: [string, string, string, string][] = [
    ['one', layout, icon('<rect x="3" y="4" width="18" height="16" rx="2"/>'), section(column(text(words)))],
    ['two', layout, icon('<rect x="3" y="4" width="18" height="16" rx="2"/><path d="M12 4v16"/>'), section(column(text(words)) + column(text(words)))],
    ['three', layout, icon('<rect x="3" y="4" width="18" height="16" rx="2"/><path d="M9 4v16M15 4v16"/>'), section(column(text(words)) + column(text(words)) + column(text(words)))],
    ['side', layout, icon('<rect x="3" y="4" width="18" height="16" rx="2"/><path d="M9 4v16"/>'), section(column(picture(''), '33%') + column(text(words), '67%'))],
    ['heading', parts, icon('<path d="M6 5v14M18 5v14M6 12h12"/>'), `<mj-text font-family="${FONT}" font-size="24px" line-height="1.35"><strong>${title}</strong></mj-text>`],
    ['text', parts, icon('<path d="M4 6h16M4 11h16M4 16h10"/>'), text(words)],
    ['button', parts, icon('<rect x="3" y="8" width="18" height="8" rx="4"/><path d="M9 12h6"/>'), button(t('templates.visual.starterButton'))],
    ['picture', parts, icon('<rect x="3" y="4" width="18" height="16" rx="2"/><circle cx="9" cy="10" r="2"/><path d="m3 18 6-5 4 3 4-4 4 4"/>'), picture(say('picture'))],
    ['divider', parts, icon('<path d="M3 12h18"/>'), '<mj-divider border-width="1px" border-color="#dcd9d0"></mj-divider>'],
    ['spacer', parts, icon('<path d="M12 4v16M8 8l4-4 4 4M8 16l4 4 4-4"/>'), '<mj-spacer height="24px"></mj-spacer>'],
    ['hero', ready, icon('<rect x="3" y="4" width="18" height="16" rx="2"/><path d="M7 10h10M9 14h6"/>'), section(column(`<mj-text font-family="${FONT}" font-size="30px" line-height="1.3" color="#ffffff" align="center"><strong>${title}</strong></mj-text>` + text(words, 'color="#ffffff" align="center"') + button(t('templates.visual.starterButton'))), 'background-color="#123c40"')],
    ['footer', ready, icon('<rect x="3" y="4" width="18" height="16" rx="2"/><path d="M3 15h18"/>'), section(column(text(t('templates.visual.footer'), 'font-size="12px" color="#6b6b66" align="center"')), 'background-color="#f4f4f2"')],
  ]
  for (const [id, category, media, content] of blocks) {
    // A click does what dragging does: keyboards cannot drag.
    editor.Blocks.add(`hy-${id}`, { label: say(id), category: { id: category, label: category, open: true }, media, content, activate: false, select: true, onClick: () => addByClick(editor, content) })
  }
}

/** Behind what is selected; a part outside of any column gets a section of its own. */
export function addByClick(editor: Editor, content: string): void {
  const body = editor.getWrapper()?.findType('mj-body')[0]
  if (!body) return
  const selected = editor.getSelected()
  const isSection = content.startsWith('<mj-section')
  const wanted = isSection ? 'mj-section' : 'mj-column'
  const holder = selected?.is(wanted) ? selected : selected?.closestType(wanted)
  let added
  if (isSection) added = body.append(content, holder ? { at: holder.index() + 1 } : {})
  else if (holder) added = holder.append(content, selected && selected.parent() === holder ? { at: selected.index() + 1 } : {})
  else added = body.append(section(column(content)))
  if (added?.[0]) { editor.select(added[0]); editor.Canvas.scrollTo(added[0], { behavior: 'smooth' }) }
}
