// Filters, tabs, pages and open drawers live in the address: what is on the screen can be sent to a colleague, and the back
// button works. `const filters = useUrlState({ status: listParam(), q: textParam(), limit: numberParam(50) })`.
import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter, type LocationQuery, type LocationQueryRaw } from 'vue-router'

export interface Param<Value> {
  read: (text: string | undefined) => Value
  /** undefined leaves it out of the address: the default. */
  write: (value: Value) => string | undefined
}

export const textParam = (fallback = ''): Param<string> => ({
  read: (text) => text ?? fallback,
  write: (value) => (value === fallback ? undefined : value),
})

export const choiceParam = <Choice extends string>(choices: readonly Choice[], fallback: Choice): Param<Choice> => ({
  read: (text) => (choices.includes(text as Choice) ? (text as Choice) : fallback),
  write: (value) => (value === fallback ? undefined : value),
})

export const listParam = <Choice extends string = string>(choices?: readonly Choice[]): Param<Choice[]> => ({
  read: (text) => (text ? text.split(',').filter((item): item is Choice => item !== '' && (!choices || choices.includes(item as Choice))) : []),
  write: (value) => (value.length ? value.join(',') : undefined),
})

export const numberParam = (fallback: number, min = 0, max = Number.MAX_SAFE_INTEGER): Param<number> => ({
  read: (text) => {
    const value = Number(text)
    return text && Number.isInteger(value) && value >= min && value <= max ? value : fallback
  },
  write: (value) => (value === fallback ? undefined : String(value)),
})

export const flagParam = (): Param<boolean> => ({ read: (text) => text === '1', write: (value) => (value ? '1' : undefined) })

type Params = Record<string, Param<never>>
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the values differ by name; Values<> brings them back
type AnyParams = Record<string, Param<any>>
export type Values<P extends AnyParams> = { [Name in keyof P]: P[Name] extends Param<infer Value> ? Value : never }

export function readQuery<P extends AnyParams>(params: P, query: LocationQuery): Values<P> {
  const values: Record<string, unknown> = {}
  for (const [name, param] of Object.entries(params)) {
    const raw = query[name]
    values[name] = param.read((Array.isArray(raw) ? raw[0] : raw) ?? undefined)
  }
  return values as Values<P>
}

export function writeQuery<P extends AnyParams>(params: P, query: LocationQueryRaw, patch: Partial<Values<P>>): LocationQueryRaw {
  const next: LocationQueryRaw = { ...query }
  for (const [name, value] of Object.entries(patch)) {
    const text = params[name]?.write(value as never)
    if (text === undefined) delete next[name]
    else next[name] = text
  }
  return next
}

interface UrlStateOptions {
  /** Going back to the first page when anything but the page itself changes. */
  resets?: string
}

export function useUrlState<P extends AnyParams>(params: P, options: UrlStateOptions = {}) {
  const route = useRoute()
  const router = useRouter()
  const values: ComputedRef<Values<P>> = computed(() => readQuery(params, route.query))
  // Several sets in one tick become one navigation.
  let pending: { patch: Partial<Values<P>>; push: boolean } | undefined

  function set(patch: Partial<Values<P>>, how: { push?: boolean } = {}): void {
    const first = !pending
    pending = { patch: { ...pending?.patch, ...patch }, push: (pending?.push ?? false) || (how.push ?? false) }
    if (first) queueMicrotask(go)
  }

  function go() {
    if (!pending) return
    const { patch, push } = pending
    pending = undefined
    const query = writeQuery(params, route.query as LocationQueryRaw, patch)
    if (options.resets && !(options.resets in patch)) delete query[options.resets]
    void router[push ? 'push' : 'replace']({ query, hash: route.hash })
  }

  /** A writable value for v-model. */
  function model<Name extends keyof P & string>(name: Name, how: { push?: boolean } = {}) {
    return computed<Values<P>[Name]>({
      get: () => values.value[name],
      set: (value) => set({ [name]: value } as unknown as Partial<Values<P>>, how),
    })
  }

  return { values, set, model, reset: () => set(Object.fromEntries(Object.entries(params).map(([name, param]) => [name, param.read(undefined)])) as Partial<Values<P>>) }
}
export type { Params }
