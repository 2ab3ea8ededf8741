// Who is logged in: the key, where it is kept, and what it may do. sessionStorage unless "remember" was chosen.
import { computed, inject, shallowRef, type App, type InjectionKey } from 'vue'
import { body, createApiClient, type ApiClient } from './client'
import type { Scope, SessionInfo } from './contract'
import { ApiProblem, problemFromUnknown } from './problem'

const KEY_NAME = 'hongyan.key'
const AGAIN_MS = 3_000
// "admin" includes the other scopes, as on the server.
const INCLUDED: Record<Scope, Scope[]> = { admin: ['admin', 'manage', 'read', 'send'], manage: ['manage'], read: ['read'], send: ['send'] }

export function allowedBy(scopes: readonly Scope[], wanted: Scope): boolean {
  return scopes.some((scope) => INCLUDED[scope]?.includes(wanted))
}

export function createSession(storage = { session: sessionStorage, local: localStorage }) {
  const key = shallowRef(storage.session.getItem(KEY_NAME) ?? storage.local.getItem(KEY_NAME) ?? undefined)
  const info = shallowRef<SessionInfo>()
  const expired = shallowRef(false)
  let again: ReturnType<typeof setTimeout> | undefined

  const api: ApiClient = createApiClient({ key: () => key.value, unauthorized: () => { if (key.value) { forget(); expired.value = true } } })

  function forget() {
    key.value = undefined
    info.value = undefined
    storage.session.removeItem(KEY_NAME)
    storage.local.removeItem(KEY_NAME)
  }

  async function load(): Promise<void> {
    info.value = (await body(api.GET('/api/session'))) as SessionInfo
  }

  /** Tries the key; on success it is kept. Throws an ApiProblem. */
  async function login(candidate: string, remember: boolean): Promise<void> {
    const trimmed = candidate.trim()
    // A header cannot carry these; the server could only say "bad request".
    if (!/^[\x21-\x7e]+$/.test(trimmed)) throw new ApiProblem('unauthorized', 401, '')
    info.value = (await body(api.GET('/api/session', { headers: { Authorization: `Bearer ${trimmed}` } }))) as SessionInfo
    key.value = trimmed
    expired.value = false
    storage.session.setItem(KEY_NAME, trimmed)
    if (remember) storage.local.setItem(KEY_NAME, trimmed)
    else storage.local.removeItem(KEY_NAME)
  }

  /** Loads what the key may do once; false if there is no (valid) key. Other failures leave it unknown: the pages show them. */
  async function ensure(): Promise<boolean> {
    if (!key.value) return false
    if (info.value) return true
    try {
      await load()
    } catch (error) {
      if (problemFromUnknown(error).kind === 'unauthorized') return false
      // Without it nothing is live: it is asked for until the server answers.
      clearTimeout(again)
      again = setTimeout(() => void ensure(), AGAIN_MS)
    }
    return true
  }

  return {
    api,
    key: computed(() => key.value),
    info: computed(() => info.value),
    expired,
    loggedIn: computed(() => key.value !== undefined),
    /** Whether the key may do this; unknown counts as yes, because the server decides anyway. */
    can: (scope: Scope) => info.value === undefined || allowedBy(info.value.key.scopes, scope),
    login, ensure, load, logout: forget,
  }
}

export type Session = ReturnType<typeof createSession>
const SESSION: InjectionKey<Session> = Symbol('session')
export const provideSession = (app: App, session: Session) => app.provide(SESSION, session)
export function useSession(): Session {
  const session = inject(SESSION)
  if (!session) throw new Error('no session was provided')
  return session
}
export const useApi = (): ApiClient => useSession().api
