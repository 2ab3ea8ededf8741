// The server speaks English, in its log as in its answers. Here its texts become Chinese when the console is: by a catalogue
// that is loaded when the first text is to be shown, and never in English. In templates use <ServerText>, which keeps the
// original as its title; in scripts `const say = useServerText()` and say(text). Both follow the language at run time.
import { shallowRef } from 'vue'
import { i18n } from '..'
import { Translator, type Translated } from './translate'

/** With coming: the catalogue is on its way; what is shown then would be another text in a moment. */
export type Shown = Translated & { coming?: boolean }
/** Forms: also the descriptions of fields. */
export type ServerTexts = 'work' | 'forms'

interface Loaded { work: Translator; forms?: Record<string, string>; choices: Record<string, string> }
const loaded = shallowRef<Loaded>()
const failed = shallowRef(false)
let loadingWork: Promise<unknown> | undefined
let loadingForms: Promise<unknown> | undefined

function loadWork(): Promise<unknown> {
  loadingWork ??= import('./zh').then((catalogue) => {
    loaded.value = { ...loaded.value, work: new Translator(catalogue.default), choices: catalogue.CHOICES }
  }).catch(() => { loadingWork = undefined; failed.value = true })
  return loadingWork
}

function loadForms(): Promise<unknown> {
  loadingForms ??= Promise.all([loadWork(), import('./zh/forms')]).then(([, catalogue]) => {
    if (loaded.value) loaded.value = { ...loaded.value, forms: catalogue.default }
  }).catch(() => { loadingForms = undefined; failed.value = true })
  return loadingForms
}

/** The text as it is to be shown now. Reading it in a template or computed makes that follow the language. */
export function serverText(text: string, texts: ServerTexts = 'work'): Shown {
  if (!text || i18n.global.locale.value !== 'zh') return { text, known: true }
  const ready = loaded.value
  if (!ready || (texts === 'forms' && !ready.forms)) void (texts === 'forms' ? loadForms() : loadWork())
  const described = texts === 'forms' ? ready?.forms?.[text] : undefined
  if (described !== undefined) return { text: described, known: true }
  const told = ready?.work.translate(text) ?? { text, known: false }
  const isMissing = !ready || (texts === 'forms' && !ready.forms)
  return isMissing && !told.known && !failed.value ? { ...told, coming: true } : told
}

/** The short word of a decision: "wait", "success". */
export function serverChoice(text: string): string {
  if (i18n.global.locale.value !== 'zh') return text
  return loaded.value?.choices[text] ?? serverText(text).text
}

export function useServerText(texts: ServerTexts = 'work'): (text: string | null | undefined) => string {
  return (text) => serverText(text ?? '', texts).text
}

/** For tests, and where nothing may flash in English before the catalogue is there. */
export const serverTextsReady = (texts: ServerTexts = 'work') => (i18n.global.locale.value === 'zh' ? (texts === 'forms' ? loadForms() : loadWork()) : Promise.resolve())
