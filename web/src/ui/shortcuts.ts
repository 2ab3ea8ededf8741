// Keyboard: "g m" style sequences, single keys, and Ctrl/Cmd combinations. Keys typed into fields are left alone.
import { onScopeDispose } from 'vue'

const SEQUENCE_MS = 1_200
/** run answers false if the key is not for it now: then the one registered before is asked. */
export interface Shortcut { keys: string; run: (event: KeyboardEvent) => unknown; label?: string; group?: string }
const shortcuts = new Set<Shortcut>()
let first: { key: string; at: number } | undefined

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null
  return Boolean(element?.closest?.('input, textarea, select, [contenteditable="true"], .cm-editor'))
}

/** "g m", "?", "/", "mod+k". */
export function matchKeys(event: KeyboardEvent, before: string | undefined): string[] {
  if (event.altKey) return []
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  if (event.ctrlKey || event.metaKey) return [`mod+${key}`]
  return before ? [`${before} ${key}`, key] : [key]
}

export function onKeydown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return
  // A modal dialog of the browser has the keys for itself; its Esc must not be prevented.
  if (document.querySelector('dialog[open]')) return
  const before = first && event.timeStamp - first.at < SEQUENCE_MS ? first.key : undefined
  const names = matchKeys(event, before)
  first = undefined
  const typing = isTyping(event.target)
  for (const name of names) {
    if (typing && !name.startsWith('mod+')) continue
    // The one registered last wins: a drawer's keys go before those of the page below it.
    for (const shortcut of [...shortcuts].reverse()) {
      if (shortcut.keys !== name || shortcut.run(event) === false) continue
      event.preventDefault()
      return
    }
  }
  if (!typing && names.length && !event.ctrlKey && !event.metaKey) first = { key: names.at(-1) as string, at: event.timeStamp }
}

/** Works until the component that called is gone. With a label it is listed in the help (`?`). */
export function useShortcut(keys: string, run: Shortcut['run'], label?: string, group?: string): void {
  const shortcut = { keys, run, label, group }
  shortcuts.add(shortcut)
  onScopeDispose(() => shortcuts.delete(shortcut))
}

export const listShortcuts = (): Shortcut[] => [...shortcuts].filter((shortcut) => shortcut.label)

window.addEventListener('keydown', onKeydown)
