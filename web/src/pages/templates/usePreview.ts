// The preview of the draft, made by the server as it makes messages: the same renderer, the same limits, the same segments.
// A pause in typing starts a round; an older round never overwrites a newer one. While something is wrong the last good
// preview stays, and the problems say why.
import { computed, onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { body, type ApiClient } from '@/api/client'
import { isAbort, problemFromUnknown, type ApiProblem } from '@/api/problem'
import { previewOf, type Draft } from './draft'
import { placedProblems, undeclaredNames, type Placed } from './problems'
import type { Preview, Variable } from './types'
import { missingNames, valuesOf, withMarks, type SampleSet, type Values } from './variables'

const PAUSE_MS = 300
export interface Shown { preview: Preview; missing: string[]; undeclared: string[] }
export type Lengths = Partial<Record<'shortest' | 'typical' | 'longest', Preview>>

type Ask = (draft: Draft, variables: Variable[], values: Values) => Promise<Preview>

/** The preview with what is missing marked; without marks where they cannot stand (a number that is compared, say). */
async function marked(draft: Draft, values: Values, missing: string[], undeclared: string[], ask: Ask): Promise<Preview | undefined> {
  for (const all of [true, false]) {
    const given = Object.fromEntries(Object.entries(values).filter(([name]) => !undeclared.includes(name)))
    try {
      return await ask(draft, withMarks(draft.variables, missing, undeclared, all), given)
    } catch (error) {
      if (isAbort(error) || problemFromUnknown(error).status !== 422) throw error
    }
  }
  return undefined
}

export function usePreview(api: ApiClient, draft: Ref<Draft | undefined>, set: Ref<SampleSet>, own: Ref<Record<string, string>>) {
  const shown = shallowRef<Shown>()
  const clean = shallowRef<Preview>()
  const lengths = shallowRef<Lengths>({})
  const problems = shallowRef<Placed[]>([])
  const failure = shallowRef<ApiProblem>()
  const busy = shallowRef(false)
  let controller: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  async function round(): Promise<void> {
    const now = draft.value
    if (!now) return
    controller?.abort()
    const mine = (controller = new AbortController())
    const ask: Ask = (each, variables, values) => body(api.POST('/api/messages/templates/preview', { body: { template: previewOf(each, variables), variables: values as Record<string, never> }, signal: mine.signal }))
    busy.value = true
    try {
      await show(now, ask, mine)
    } catch (error) {
      if (mine !== controller || isAbort(error)) return
      failure.value = problemFromUnknown(error)
    }
    if (mine === controller) busy.value = false
  }

  async function show(now: Draft, ask: Ask, mine: AbortController): Promise<void> {
    const variables = now.variables.filter((variable) => variable.name)
    const values = valuesOf(variables, set.value, own.value)
    const missing = missingNames(variables, values)
    let plain: Preview | undefined
    let placed: Placed[] = []
    try {
      plain = await ask(now, variables, values)
    } catch (error) {
      const problem = problemFromUnknown(error)
      if (isAbort(error) || problem.status !== 422) throw error
      placed = placedProblems(problem.body)
      if (!placed.length) placed = [{ field: '', code: 'invalid', text: problem.message }]
    }
    const undeclared = undeclaredNames(placed)
    const preview = missing.length || undeclared.length ? ((await marked(now, values, missing, undeclared, ask)) ?? plain) : plain
    const all: Lengths = {}
    if (plain && now.channel === 'sms') {
      for (const each of ['shortest', 'typical', 'longest'] as const) {
        try {
          all[each] = each === set.value ? plain : await ask(now, variables, valuesOf(variables, each))
        } catch (error) {
          if (isAbort(error)) throw error
        }
      }
    }
    if (mine !== controller) return
    failure.value = undefined
    problems.value = placed
    clean.value = plain
    lengths.value = all
    if (preview) shown.value = { preview, missing, undeclared }
  }

  function soon() {
    // What was rendered is not what is written any more: nobody may send it.
    clean.value = undefined
    clearTimeout(timer)
    timer = setTimeout(() => void round(), PAUSE_MS)
  }
  // Only what a preview depends on: renaming the template asks nothing.
  const wanted = computed(() => (draft.value ? JSON.stringify([previewOf(draft.value), set.value, own.value]) : ''))
  watch(wanted, soon, { immediate: true })
  onScopeDispose(() => { clearTimeout(timer); controller?.abort(); controller = undefined })
  return { shown, clean, lengths, problems, failure, busy, retry: round }
}
export type PreviewState = ReturnType<typeof usePreview>
