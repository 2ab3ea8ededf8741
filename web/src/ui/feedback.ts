// Short notices and questions. The hosts of both are in App.vue, below the one el-config-provider.
import { shallowReactive, shallowRef } from 'vue'

export type Tone = 'ok' | 'warn' | 'bad' | 'info'
export interface Toast { id: number; tone: Tone; text: string; action?: { label: string; run: () => void } }

const TOASTS_MAX = 4
const TOAST_MS = 5_000
export const toasts = shallowReactive<Toast[]>([])
let lastId = 0

export function toast(text: string, tone: Tone = 'ok', action?: Toast['action']): void {
  const id = ++lastId
  toasts.push({ id, tone, text, action })
  if (toasts.length > TOASTS_MAX) toasts.shift()
  // Bad news stay until they are closed.
  if (tone !== 'bad') setTimeout(() => closeToast(id), action ? TOAST_MS * 2 : TOAST_MS)
}

export function closeToast(id: number): void {
  const index = toasts.findIndex((each) => each.id === id)
  if (index >= 0) toasts.splice(index, 1)
}

export interface Question {
  title: string
  /** What will happen, one sentence a line: the reader decides by these. */
  consequences: string[]
  confirm: string
  tone?: 'normal' | 'danger'
  /** To be typed in before the button works: for what cannot be undone. */
  typed?: string
}
interface Asked extends Question { answer: (yes: boolean) => void }
export const asked = shallowRef<Asked>()

/** Resolves to whether the reader agreed. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false)
  return new Promise((resolve) => {
    asked.value = { ...question, answer: (yes) => { asked.value = undefined; resolve(yes) } }
  })
}
