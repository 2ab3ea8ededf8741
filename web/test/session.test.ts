import { beforeEach, describe, expect, it, vi } from 'vitest'
import { allowedBy, createSession } from '@/api/session'
import { ApiProblem, problemFromUnknown } from '@/api/problem'
import { body } from '@/api/client'

const INFO = { key: { id: 1, name: 'k', prefix: 'hy_1', scopes: ['read'] }, tenant_id: 1, tenant: 'default', server: {}, channels: [] }
const reply = (status: number, value: unknown, headers: Record<string, string> = {}) => new Response(JSON.stringify(value), { status, headers: { 'Content-Type': 'application/json', ...headers } })
const asked = vi.fn<(request: Request) => Promise<Response>>()

beforeEach(() => {
  sessionStorage.clear()
  localStorage.clear()
  asked.mockReset()
  vi.stubGlobal('fetch', (request: Request) => asked(request))
})

describe('the session', () => {
  it('keeps the key in the tab, and on the device only when asked to', async () => {
    asked.mockImplementation(async () => reply(200, INFO))
    const session = createSession()
    await session.login('  hy_secret_key  ', false)
    expect(asked.mock.calls[0]?.[0].headers.get('Authorization')).toBe('Bearer hy_secret_key')
    expect(sessionStorage.getItem('hongyan.key')).toBe('hy_secret_key')
    expect(localStorage.getItem('hongyan.key')).toBeNull()
    await session.login('hy_secret_key', true)
    expect(localStorage.getItem('hongyan.key')).toBe('hy_secret_key')
    session.logout()
    expect(sessionStorage.getItem('hongyan.key')).toBeNull()
    expect(localStorage.getItem('hongyan.key')).toBeNull()
  })
  it('keeps nothing of a wrong key', async () => {
    asked.mockImplementation(async () => reply(401, { detail: 'no such key', status: 401 }))
    const session = createSession()
    await expect(session.login('hy_wrong', true)).rejects.toMatchObject({ kind: 'unauthorized' })
    expect(session.loggedIn.value).toBe(false)
    expect(localStorage.length + sessionStorage.length).toBe(0)
  })
  it('does not send a key that no header can carry', async () => {
    await expect(createSession().login('hy_ключ\n', false)).rejects.toMatchObject({ kind: 'unauthorized' })
    expect(asked).not.toHaveBeenCalled()
  })
  it('ends when the server takes the key back, and says so', async () => {
    asked.mockImplementation(async () => reply(200, INFO))
    const session = createSession()
    await session.login('hy_key', true)
    asked.mockImplementation(async () => reply(401, { detail: 'revoked', status: 401 }))
    await expect(body(session.api.GET('/api/messages'))).rejects.toMatchObject({ kind: 'unauthorized' })
    expect(session.loggedIn.value).toBe(false)
    expect(session.expired.value).toBe(true)
    expect(localStorage.getItem('hongyan.key')).toBeNull()
  })
  it('stays logged in while the server cannot be reached', async () => {
    sessionStorage.setItem('hongyan.key', 'hy_key')
    asked.mockRejectedValue(new TypeError('network'))
    const session = createSession()
    expect(await session.ensure()).toBe(true)
    expect(session.loggedIn.value).toBe(true)
  })
  it('knows what scopes include', () => {
    expect(allowedBy(['admin'], 'send')).toBe(true)
    expect(allowedBy(['read', 'send'], 'manage')).toBe(false)
  })
})

describe('problems', () => {
  it('carry the detail, the fields and when to try again', async () => {
    asked.mockImplementation(async () => reply(429, { detail: 'too fast', status: 429, errors: [{ path: 'settings.host', code: 'x', detail: 'is empty' }] }, { 'Retry-After': '3' }))
    const problem = await body(createSession().api.GET('/api/messages')).catch((error: unknown) => error)
    expect(problem).toMatchObject({ kind: 'busy', message: 'too fast', retryAfterSeconds: 3 })
    expect((problem as ApiProblem).field('host')).toBe('is empty')
  })
  it('tell a network that is down from a server that fails', () => {
    expect(problemFromUnknown(new TypeError('fetch failed')).kind).toBe('offline')
    expect(problemFromUnknown(new Error('x')).kind).toBe('server')
  })
})
