// One ticking "now" for everything that shows how long ago something was; it stops when nobody looks.
import { onScopeDispose, readonly, shallowRef } from 'vue'

const now = shallowRef(Date.now())
let readers = 0
let timer: ReturnType<typeof setInterval> | undefined

export function useNow() {
  readers += 1
  if (readers === 1) {
    now.value = Date.now()
    timer = setInterval(() => { if (!document.hidden) now.value = Date.now() }, 1_000)
  }
  onScopeDispose(() => {
    readers -= 1
    if (readers === 0) clearInterval(timer)
  })
  return readonly(now)
}
