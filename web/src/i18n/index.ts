// Words, by language and area: i18n/<language>/<area>.ts exports what is found under "<area>." in templates. Each route names
// its area (meta.area); its words are loaded with the page, so the first page does not carry the words of all.
import { createI18n } from 'vue-i18n'

export const LANGUAGES = ['zh', 'en'] as const
export type Language = (typeof LANGUAGES)[number]
export const LOCALE_TAG: Record<Language, string> = { zh: 'zh-CN', en: 'en-GB' }
const LANGUAGE_NAME = 'hongyan.language'
const ALWAYS = ['common']
const CHANNEL_WORDS = 'common.channel.'

interface Words { [key: string]: string | Words }
const files = import.meta.glob<{ default: Words }>('./{zh,en}/*.ts')
const elementLocales = {
  zh: () => import('element-plus/es/locale/lang/zh-cn.mjs'),
  en: () => import('element-plus/es/locale/lang/en.mjs'),
}

export function firstLanguage(): Language {
  const kept = localStorage.getItem(LANGUAGE_NAME)
  if (kept === 'zh' || kept === 'en') return kept
  return /^zh/i.test(navigator.language) ? 'zh' : 'en'
}

export const i18n = createI18n({
  legacy: false,
  locale: firstLanguage(),
  fallbackLocale: false as const,
  // Chinese has one form, English two; both are written "one | many" or just one.
  messages: { zh: {}, en: {} } as Record<Language, Words>,
  missingWarn: import.meta.env.DEV,
  fallbackWarn: false,
  // A kind of channel that was added without words here is called by its name.
  missing: (_locale, key) => (key.startsWith(CHANNEL_WORDS) ? key.slice(CHANNEL_WORDS.length) : key),
})

const areas = new Set<string>(ALWAYS)
const loaded = new Set<string>()

async function loadFile(language: Language, area: string): Promise<void> {
  const name = `./${language}/${area}.ts`
  const load = files[name]
  if (loaded.has(name) || !load) return
  const words = (await load()).default
  i18n.global.mergeLocaleMessage(language, { [area]: words })
  loaded.add(name)
}

/** Makes the words of an area ready in the language of the moment, and in each one that is switched to later. */
export async function loadArea(area: string): Promise<void> {
  areas.add(area)
  await loadFile(currentLanguage(), area)
}

export const currentLanguage = (): Language => i18n.global.locale.value as Language

export async function switchLanguage(language: Language): Promise<void> {
  await Promise.all([...areas].map((area) => loadFile(language, area)))
  i18n.global.locale.value = language
  localStorage.setItem(LANGUAGE_NAME, language)
  document.documentElement.lang = LOCALE_TAG[language]
}

export async function loadElementLocale(language: Language) {
  return (await elementLocales[language]()).default
}
