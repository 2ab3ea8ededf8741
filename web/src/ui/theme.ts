// Light, dark, or as the system has it.
import { computed, shallowRef, watchEffect } from 'vue'

export type ThemeChoice = 'system' | 'light' | 'dark'
const THEME_NAME = 'hongyan.theme'
const system = matchMedia('(prefers-color-scheme: dark)')
const systemDark = shallowRef(system.matches)
system.addEventListener('change', () => { systemDark.value = system.matches })

function kept(): ThemeChoice {
  const value = localStorage.getItem(THEME_NAME)
  return value === 'light' || value === 'dark' ? value : 'system'
}

export const themeChoice = shallowRef<ThemeChoice>(kept())
/** The wall screen is dark whatever was chosen. */
export const forcedDark = shallowRef(false)
export const isDark = computed(() => forcedDark.value || themeChoice.value === 'dark' || (themeChoice.value === 'system' && systemDark.value))

watchEffect(() => document.documentElement.classList.toggle('dark', isDark.value))

export function chooseTheme(choice: ThemeChoice): void {
  themeChoice.value = choice
  if (choice === 'system') localStorage.removeItem(THEME_NAME)
  else localStorage.setItem(THEME_NAME, choice)
}

/** Size of the root font in pixels: the wall screen scales everything by it, and charts are drawn anew when it changes. */
export const rootSize = shallowRef(16)

export function scaleRoot(pixels: number | undefined): void {
  document.documentElement.style.fontSize = pixels ? `${pixels}px` : ''
  rootSize.value = pixels ?? 16
}
