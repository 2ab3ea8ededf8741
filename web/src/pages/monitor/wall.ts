// What only the wall screen needs: its scale, the clock's second, the screen that stays on, and the turn of the views.
import { onBeforeUnmount, onMounted, shallowRef, watch, type Ref } from 'vue'
import { forcedDark, scaleRoot } from '@/ui/theme'
import { VIEWS, wallRoot, type View } from './figures'

export function useWall(isWall: Ref<boolean>, cycleSeconds: Ref<number>) {
  const turned = shallowRef<View>('all')
  let lock: WakeLockSentinel | undefined
  let timer: ReturnType<typeof setInterval> | undefined

  function scale() {
    if (isWall.value) scaleRoot(wallRoot(window.innerWidth, window.innerHeight))
  }
  // Only in secure contexts (https, localhost); elsewhere the screen must be kept on by the system.
  async function keepOn() {
    if (!isWall.value || document.hidden || lock) return
    lock = await navigator.wakeLock?.request('screen').catch(() => undefined)
    lock?.addEventListener('release', () => { lock = undefined })
  }
  function turn() {
    clearInterval(timer)
    turned.value = 'all'
    if (!isWall.value || !cycleSeconds.value) return
    timer = setInterval(() => { turned.value = VIEWS[(VIEWS.indexOf(turned.value) + 1) % VIEWS.length] ?? 'all' }, cycleSeconds.value * 1_000)
  }
  function onVisible() { void keepOn() }

  watch([isWall, cycleSeconds], () => {
    forcedDark.value = isWall.value
    document.documentElement.classList.toggle('wall', isWall.value)
    if (isWall.value) { scale(); void keepOn() } else { scaleRoot(undefined); void lock?.release() }
    turn()
  }, { immediate: true })
  onMounted(() => {
    window.addEventListener('resize', scale)
    document.addEventListener('visibilitychange', onVisible)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('resize', scale)
    document.removeEventListener('visibilitychange', onVisible)
    clearInterval(timer)
    void lock?.release()
    forcedDark.value = false
    document.documentElement.classList.remove('wall')
    scaleRoot(undefined)
  })
  return { turned }
}
