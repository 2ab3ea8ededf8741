// GrapesJS with its MJML part, held to this machine: no telemetry, no icon fonts, no fonts and pictures of other hosts; panels
// are our own (VisualEditor.vue), so of GrapesJS there are the canvas, the blocks, the layers, the look and the settings.
import grapesjs, { type Component, type Editor } from 'grapesjs'
import 'grapesjs/dist/css/grapes.min.css'
import mjml from 'grapesjs-mjml'
import type { Language } from '@/i18n'
import { standIn, withoutHandlers } from '../html/safe'
import { addBlocks, PICTURE } from './blocks'
import { tidyHtml } from './mjml'
import { EDITOR_WORDS, MJML_WORDS } from './words'

export interface Places { canvas: HTMLElement; blocks: HTMLElement; layers: HTMLElement; style: HTMLElement; settings: HTMLElement }
export interface Setup { places: Places; mjml: string; language: Language; word: (key: string) => string; canvasLabel: string; changed: () => void; selected: (name: string) => void }
export interface Compiled { html: string; problems: string[] }

// MJML adds Google Fonts for some families unless it is given a list; ours has one that nobody uses.
const NO_FONTS = { 'hongyan-no-web-font': 'about:blank' }
const OUTSIDE = /^\s*(https?:)?\/\//i

export function createVisual(setup: Setup) {
  const { places, word } = setup
  const editor = grapesjs.init({
    container: places.canvas, height: '100%', width: 'auto', fromElement: false, telemetry: false, storageManager: false, noticeOnUnload: false, cssIcons: '', avoidInlineStyle: false,
    canvas: { styles: [], scripts: [] }, panels: { defaults: [] }, log: ['error'], showDevices: false,
    assetManager: { upload: false, dropzone: false, embedAsBase64: false, assets: [] },
    blockManager: { appendTo: places.blocks }, layerManager: { appendTo: places.layers }, styleManager: { appendTo: places.style }, traitManager: { appendTo: places.settings },
    i18n: { locale: setup.language, localeFallback: 'en', detectLocale: false, messages: EDITOR_WORDS as Record<string, Record<string, unknown>> },
    plugins: [mjml],
    pluginsOpts: { [mjml as unknown as string]: { blocks: [], resetBlocks: true, imagePlaceholderSrc: PICTURE, fonts: NO_FONTS, useCustomTheme: false, overwriteExport: false, i18n: MJML_WORDS, useXmlParser: false } },
  } as Parameters<typeof grapesjs.init>[0])
  addBlocks(editor, word)
  const observers = [quiet(editor, setup.canvasLabel), byKeyboard(places)]
  editor.on('load', () => {
    editor.setComponents(withoutHandlers(setup.mjml))
    editor.UndoManager.clear()
    editor.on('update', setup.changed)
    setup.changed()
  })
  editor.on('component:selected component:deselected', () => setup.selected(nameOf(editor.getSelected())))

  const mjmlText = (): string => editor.getHtml().trim()
  return {
    editor,
    mjml: mjmlText,
    /** HTML of what is on the canvas, or of a source that is tried. */
    compile(source = mjmlText()): Compiled {
      const made = editor.runCommand('mjml-code-to-html', { mjml: source, fonts: NO_FONTS, validationLevel: 'soft' }) as { html: string; errors?: { formattedMessage?: string; message?: string }[] }
      return { html: tidyHtml(made.html, setup.language === 'zh' ? 'zh-CN' : 'en'), problems: (made.errors ?? []).map((error) => error.message ?? error.formattedMessage ?? '').filter(Boolean) }
    },
    set: (source: string) => { editor.setComponents(withoutHandlers(source)); setup.changed() },
    device: (name: 'Desktop' | 'Mobile portrait') => editor.setDevice(name),
    undo: () => editor.UndoManager.undo(),
    redo: () => editor.UndoManager.redo(),
    outlines(on: boolean) { if (on) editor.runCommand('core:component-outline'); else editor.stopCommand('core:component-outline') },
    speak: (language: Language) => editor.I18n.setLocale(language),
    insert: (token: string) => insertToken(editor, token),
    destroy() { for (const stop of observers) stop(); editor.destroy() },
  }
}
export type Visual = ReturnType<typeof createVisual>

const nameOf = (component: Component | undefined): string => component?.getName() ?? ''

/** At the cursor of the text that is being edited; else at the end of the selected text or button; else nowhere. */
function insertToken(editor: Editor, token: string): boolean {
  const editing = (editor as unknown as { getEditing?: () => Component | undefined }).getEditing?.()
  if (editing) {
    // The panel was clicked, so the frame is no longer where typing goes.
    editor.Canvas.getWindow()?.focus()
    return editor.Canvas.getDocument()?.execCommand('insertText', false, token) ?? false
  }
  const selected = editor.getSelected()
  if (!selected || !(selected.is('mj-text') || selected.is('mj-button'))) return false
  selected.append(` ${token}`)
  selected.view?.render()
  return true
}

/** GrapesJS is made for the mouse: here its blocks and titles can be reached and pressed, and its fields have the names they show. */
function byKeyboard(places: Places): () => void {
  const PRESSED = '.gjs-block, .gjs-block-category > .gjs-title, .gjs-sm-sector-title, .gjs-layer-title'
  const panels = [places.blocks, places.layers, places.style, places.settings]
  const press = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement
    if ((event.key !== 'Enter' && event.key !== ' ') || !target.matches(PRESSED)) return
    event.preventDefault()
    target.click()
  }
  const name = () => {
    for (const panel of panels) {
      for (const element of panel.querySelectorAll<HTMLElement>(PRESSED)) {
        if (element.tabIndex !== 0) { element.tabIndex = 0; element.setAttribute('role', 'button') }
      }
      for (const field of panel.querySelectorAll<HTMLElement>('input:not([aria-label]), select:not([aria-label]), textarea:not([aria-label])')) {
        const label = field.closest('.gjs-sm-property, .gjs-trt-trait, .gjs-layer')?.querySelector('.gjs-sm-label, .gjs-label, .gjs-layer-name')?.textContent?.trim()
        if (label) field.setAttribute('aria-label', label)
      }
    }
  }
  const observer = new MutationObserver(name)
  for (const panel of panels) {
    observer.observe(panel, { subtree: true, childList: true })
    panel.addEventListener('keydown', press)
  }
  return () => {
    observer.disconnect()
    for (const panel of panels) panel.removeEventListener('keydown', press)
  }
}

/** Pictures of other hosts are not fetched while one works: a stand-in says where they are from. The address itself stays. */
function quiet(editor: Editor, label: string): () => void {
  let observer: MutationObserver | undefined
  const tame = (root: ParentNode) => {
    for (const image of root.querySelectorAll<HTMLImageElement>('img[src]')) {
      const address = image.getAttribute('src') ?? ''
      if (OUTSIDE.test(address) || /^\s*\{/.test(address)) image.setAttribute('src', standIn(address, image.getAttribute('width') ?? '', ''))
    }
  }
  // Frames come and go with the device and the zoom; each is named as soon as it is there.
  const holder = editor.getContainer() ?? document.body
  const nameFrames = () => { for (const frame of holder.querySelectorAll('iframe:not([title])')) frame.setAttribute('title', label) }
  const frames = new MutationObserver(nameFrames)
  frames.observe(holder, { subtree: true, childList: true })
  nameFrames()
  editor.on('load canvas:frame:load', () => {
    nameFrames()
    const document = editor.Canvas.getDocument()
    if (!document) return
    observer?.disconnect()
    observer = new MutationObserver(() => tame(document))
    observer.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['src'] })
    tame(document)
  })
  return () => {
    frames.disconnect()
    observer?.disconnect()
  }
}
