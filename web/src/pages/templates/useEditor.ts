// The life of the template in the editor: loading or beginning it, what was changed, saving without running over what somebody
// else saved meanwhile, rolling back, switching on and off, deleting. Pages only show it.
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { body } from '@/api/client'
import { isAbort, problemFromUnknown, type ApiProblem } from '@/api/problem'
import { useApi } from '@/api/session'
import { currentLanguage } from '@/i18n'
import { confirm, toast } from '@/ui/feedback'
import { draftOf, dropDraft, findDraft, isDirty, keepDraft, putDraft, requestOf, textOf, withVersion, type Held } from './draft'
import { placedProblems, type Placed } from './problems'
import { starterDraft } from './starters'
import type { Channel, Template, Version } from './types'

const KEEP_MS = 600

export function useEditor(key: () => string) {
  const { t } = useI18n()
  const router = useRouter()
  const api = useApi()
  const held = shallowRef<Held>()
  const problem = shallowRef<ApiProblem>()
  const saving = ref(false)
  const restored = ref(false)
  const saveProblems = shallowRef<Placed[]>([])
  const saveFailure = shallowRef<ApiProblem>()
  const dirty = computed(() => held.value !== undefined && isDirty(held.value))
  const id = computed(() => (key() === 'new' ? undefined : Number(key())))
  let controller = new AbortController()
  // The route may have gone on already when the draft is kept for the last time.
  let heldKey = key()
  let timer: ReturnType<typeof setTimeout> | undefined
  const keepNow = () => { if (held.value) keepDraft(heldKey, held.value) }
  addEventListener('pagehide', keepNow)
  onScopeDispose(() => { removeEventListener('pagehide', keepNow); controller.abort(); clearTimeout(timer); keepNow() })

  const fetchTemplate = async (wanted: number): Promise<Template> => await body(api.GET('/api/messages/templates/{id}', { params: { path: { id: wanted } }, signal: controller.signal }))
  const fresh = (template: Template): Held => { const draft = draftOf(template); return { draft, saved: textOf(draft), base: template } }

  async function load(): Promise<void> {
    heldKey = key()
    controller.abort()
    controller = new AbortController()
    problem.value = undefined
    saveProblems.value = []
    saveFailure.value = undefined
    const kept = findDraft(key())
    const wanted = kept !== undefined && isDirty(kept) ? kept : undefined
    restored.value = wanted !== undefined && !wanted.carried
    if (wanted) wanted.carried = false
    held.value = wanted
    if (id.value === undefined || held.value) return
    try {
      held.value = putDraft(key(), fresh(await fetchTemplate(id.value)))
    } catch (error) {
      if (!isAbort(error)) problem.value = problemFromUnknown(error)
    }
  }

  function begin(channel: Channel) {
    const draft = starterDraft(channel, currentLanguage())
    held.value = putDraft('new', { draft, saved: textOf(draft) })
    restored.value = false
  }

  async function discard(): Promise<void> {
    dropDraft(key())
    restored.value = false
    held.value = undefined
    await load()
  }

  /** True if nobody saved since, or the reader wants to write over it. */
  async function mayOverwrite(base: Template): Promise<boolean> {
    const now = await fetchTemplate(base.id)
    if (now.version === base.version && now.updated_at === base.updated_at) return true
    return confirm({ title: t('templates.conflict.title'), consequences: [t('templates.conflict.theirs', { version: now.version }), t('templates.conflict.mine')], confirm: t('templates.conflict.overwrite'), tone: 'danger' })
  }

  async function save(): Promise<boolean> {
    const mine = held.value
    if (!mine || saving.value) return false
    saving.value = true
    saveProblems.value = []
    saveFailure.value = undefined
    try {
      if (mine.base && !(await mayOverwrite(mine.base))) return false
      const comment = mine.comment?.trim()
      const request = { ...requestOf(mine.draft, Boolean(mine.base?.design)), ...(comment ? { comment } : {}) }
      const saved: Template = mine.base
        ? await body(api.PUT('/api/messages/templates/{id}', { params: { path: { id: mine.base.id } }, body: request }))
        : await body(api.POST('/api/messages/templates', { body: request }))
      await settle(mine, saved)
      return true
    } catch (error) {
      const failure = problemFromUnknown(error)
      saveProblems.value = placedProblems(failure.body)
      saveFailure.value = failure
      return false
    } finally {
      saving.value = false
    }
  }

  async function settle(mine: Held, saved: Template): Promise<void> {
    const wasNew = !mine.base
    const raised = wasNew || saved.version !== mine.base?.version
    dropDraft(key())
    restored.value = false
    toast(raised ? t('templates.saved', { version: saved.version }) : t('templates.savedSame'))
    if (wasNew) {
      putDraft(String(saved.id), fresh(saved))
      held.value = undefined
      await router.replace({ name: 'template', params: { id: String(saved.id) } })
      return
    }
    held.value = putDraft(key(), fresh(saved))
  }

  async function rollBack(version: Version): Promise<void> {
    const mine = held.value
    if (!mine?.base) return
    const consequences = [t('templates.versions.rollBackText', { version: version.version, next: mine.base.version + 1 })]
    if (dirty.value) consequences.push(t('templates.versions.rollBackLoses'))
    if (!(await confirm({ title: t('templates.versions.rollBackTitle', { version: version.version }), consequences, confirm: t('templates.versions.rollBack', { version: version.version }) }))) return
    const before = { draft: mine.draft, comment: mine.comment }
    mine.draft = withVersion(draftOf(mine.base), version)
    mine.comment = t('templates.versions.rolledBack', { version: version.version })
    if (!(await save())) Object.assign(mine, before)
  }

  async function setStatus(status: 'active' | 'disabled'): Promise<void> {
    const mine = held.value
    if (!mine?.base) return
    if (status === 'disabled' && !(await confirm({ title: t('templates.disable.title'), consequences: [t('templates.disable.text')], confirm: t('templates.disable.confirm'), tone: 'danger' }))) return
    try {
      // Only the status: what is being edited stays unsaved.
      const saved: Template = await body(api.PUT('/api/messages/templates/{id}', { params: { path: { id: mine.base.id } }, body: { ...requestOf(draftOf(mine.base), Boolean(mine.base.design)), status } }))
      const draft = { ...mine.draft, status }
      held.value = putDraft(key(), { draft, saved: textOf(draftOf(saved)), base: saved })
      toast(t(status === 'active' ? 'templates.enabled' : 'templates.disabled'))
    } catch (error) {
      toast(problemFromUnknown(error).message || t('common.state.error.title'), 'bad')
    }
  }

  async function remove(): Promise<void> {
    const mine = held.value
    if (!mine?.base) return
    const { base } = mine
    if (!(await confirm({ title: t('templates.remove.title', { name: base.name }), consequences: [t('templates.remove.text'), t('templates.remove.for_ever')], confirm: t('templates.remove.confirm'), tone: 'danger', typed: base.name }))) return
    try {
      await body(api.DELETE('/api/messages/templates/{id}', { params: { path: { id: base.id } } }))
      dropDraft(key())
      held.value = undefined
      toast(t('templates.remove.done', { name: base.name }))
      await router.push({ name: 'templates' })
    } catch (error) {
      toast(problemFromUnknown(error).message || t('common.state.error.title'), 'bad')
    }
  }

  async function duplicate(): Promise<void> {
    const mine = held.value
    if (!mine) return
    const draft = { ...structuredClone(JSON.parse(textOf(mine.draft)) as typeof mine.draft), name: `${mine.draft.name}_copy`, status: 'active' as const }
    putDraft('new', { draft, saved: '', carried: true })
    await router.push({ name: 'template-new' })
  }

  // A draft that is being typed is kept, so that a reload or a crash loses at most a moment.
  watch(() => (held.value ? textOf(held.value.draft) : ''), () => {
    // What was refused is being corrected: from here on the preview says what is wrong.
    saveProblems.value = []
    saveFailure.value = undefined
    clearTimeout(timer)
    timer = setTimeout(keepNow, KEEP_MS)
  })
  watch(key, () => void load(), { immediate: true })

  return { held, problem, saving, restored, dirty, id, saveProblems, saveFailure, load, begin, discard, save, rollBack, setStatus, remove, duplicate }
}
export type Editor = ReturnType<typeof useEditor>
