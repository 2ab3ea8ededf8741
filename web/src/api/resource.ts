// Loading one thing or a list page by page, with every state that a page must show. Requests of a page that is left, or of
// filters that changed, are aborted: the answer of an old question never overwrites that of a new one. What failed because the
// server was gone loads by itself when it is back.
import { computed, onScopeDispose, shallowRef, watch, type WatchSource } from 'vue'
import { isAbort, problemFromUnknown, type ApiProblem } from './problem'
import { onceReachable } from './reachable'

/** Pages come back spread over so long, so that a server that has just started is not asked for everything at once. */
const BACK_MS = 500
const LONGEST_BACK_MS = 30_000

export type LoadState = 'loading' | 'ready' | 'error'

interface ResourceOptions {
  /** Loads again when one of these changes. */
  watch?: WatchSource<unknown> | WatchSource<unknown>[]
  /** Loads again after so many milliseconds while the page is visible. */
  pollMs?: number
  /** Without it the first load waits for reload(). */
  immediate?: boolean
}

export function useResource<Data>(load: (signal: AbortSignal) => Promise<Data>, options: ResourceOptions = {}) {
  const data = shallowRef<Data>()
  const problem = shallowRef<ApiProblem>()
  const busy = shallowRef(false)
  let controller: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let callOff = () => {}
  let backTries = 0

  async function reload(): Promise<void> {
    controller?.abort()
    clearTimeout(timer)
    callOff()
    const mine = (controller = new AbortController())
    busy.value = true
    try {
      const loaded = await load(mine.signal)
      if (mine !== controller) return
      data.value = loaded
      problem.value = undefined
      backTries = 0
    } catch (error) {
      if (mine !== controller || isAbort(error)) return
      problem.value = problemFromUnknown(error)
      if (problem.value.kind === 'offline') waitForServer()
    }
    busy.value = false
    if (options.pollMs) timer = setTimeout(() => (document.hidden ? again() : void reload()), options.pollMs)
  }

  /** Each failure in a row waits longer: what others are answered may still not be for this one. */
  function waitForServer() {
    const pause = Math.min(LONGEST_BACK_MS, BACK_MS * 2 ** backTries) * (0.5 + Math.random() / 2)
    callOff = onceReachable(() => {
      backTries += 1
      clearTimeout(timer)
      timer = setTimeout(() => void reload(), pause)
    })
  }

  function again() {
    timer = setTimeout(() => (document.hidden ? again() : void reload()), options.pollMs)
  }

  onScopeDispose(() => {
    controller?.abort()
    controller = undefined
    clearTimeout(timer)
    callOff()
  })
  if (options.watch) watch(options.watch, () => void reload(), { deep: true })
  if (options.immediate !== false) void reload()

  const state = computed<LoadState>(() => (data.value !== undefined ? 'ready' : problem.value ? 'error' : 'loading'))
  return {
    data, problem, busy, state, reload,
    /** Puts in what an action returned, so that the page need not load again. */
    set(next: Data) { data.value = next },
  }
}

export type Resource<Data> = ReturnType<typeof useResource<Data>>

export interface Page<Item> {
  items: Item[]
  next_cursor?: string | null
  scanned_until?: string | null
}

interface PageOptions extends ResourceOptions {
  /** The cursor of the page; usually from useUrlState, so that the address names the page. */
  cursor: () => string
  setCursor: (cursor: string) => void
}

/** One page of a list with cursors; what was before is remembered for "newer". */
export function usePages<Item>(load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>, options: PageOptions) {
  const before = shallowRef<string[]>([])
  const watched = options.watch === undefined ? [] : Array.isArray(options.watch) ? options.watch : [options.watch]
  const resource = useResource((signal) => load(options.cursor() || undefined, signal), {
    ...options,
    watch: [options.cursor, ...watched],
  })
  const items = computed(() => resource.data.value?.items ?? [])
  return {
    ...resource,
    items,
    isFirst: computed(() => !options.cursor()),
    hasNext: computed(() => Boolean(resource.data.value?.next_cursor)),
    scannedUntil: computed(() => resource.data.value?.scanned_until ?? undefined),
    next() {
      const cursor = resource.data.value?.next_cursor
      if (!cursor) return
      before.value = [...before.value, options.cursor()]
      options.setCursor(cursor)
    },
    previous() {
      options.setCursor(before.value.at(-1) ?? '')
      before.value = before.value.slice(0, -1)
    },
    first() {
      before.value = []
      options.setCursor('')
    },
  }
}

export type Pages<Item> = ReturnType<typeof usePages<Item>>
