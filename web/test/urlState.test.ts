import { createMemoryHistory, createRouter } from 'vue-router'
import { mount, flushPromises } from '@vue/test-utils'
import { defineComponent, h } from 'vue'
import { describe, expect, it } from 'vitest'
import { choiceParam, flagParam, listParam, numberParam, readQuery, textParam, useUrlState, writeQuery } from '@/ui/urlState'
import { safeReturn } from '@/shell/back'

const params = { q: textParam(), status: listParam(['failed', 'success']), tab: choiceParam(['a', 'b'], 'a'), limit: numberParam(50, 1, 200), on: flagParam(), cursor: textParam() }

describe('query parameters', () => {
  it('read what they wrote, for every filter', () => {
    const values = { q: 'a&b=ü 鸿', status: ['failed', 'success'] as ('failed' | 'success')[], tab: 'b' as const, limit: 20, on: true, cursor: 'x' }
    const query = writeQuery(params, {}, values)
    expect(readQuery(params, query as never)).toEqual(values)
  })
  it('leave defaults out, and other names alone', () => {
    expect(writeQuery(params, { other: '1', q: 'old' }, { q: '', status: [], tab: 'a', limit: 50, on: false })).toEqual({ other: '1' })
  })
  it('take nothing that is not allowed', () => {
    expect(readQuery(params, { status: 'failed,<script>', tab: 'z', limit: '1e9', on: 'yes', q: ['first', 'second'] } as never)).toEqual({ q: 'first', status: ['failed'], tab: 'a', limit: 50, on: false, cursor: '' })
  })
})

describe('useUrlState', () => {
  async function page(start: string) {
    const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: { render: () => null } }] })
    let url!: ReturnType<typeof useUrlState<typeof params>>
    await router.push(start)
    mount(defineComponent({ setup() { url = useUrlState(params, { resets: 'cursor' }); return () => h('p') } }), { global: { plugins: [router] } })
    return { router, url }
  }
  it('makes one navigation of several changes and goes back to the first page', async () => {
    const { router, url } = await page('/?cursor=abc&other=1')
    let navigations = 0
    router.afterEach(() => { navigations += 1 })
    url.set({ q: 'x' })
    url.set({ limit: 20 })
    await flushPromises()
    expect(navigations).toBe(1)
    expect(router.currentRoute.value.query).toEqual({ q: 'x', limit: '20', other: '1' })
    expect(url.values.value).toMatchObject({ q: 'x', limit: 20, cursor: '' })
  })
  it('keeps the filters when the page changes', async () => {
    const { router, url } = await page('/?q=x')
    url.set({ cursor: 'next' }, { push: true })
    await flushPromises()
    expect(router.currentRoute.value.query).toEqual({ q: 'x', cursor: 'next' })
  })
})

describe('the way back after the login', () => {
  it('never leads to another site', () => {
    for (const bad of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/login?back=/', undefined, ['/x']]) expect(safeReturn(bad)).toBe('/')
    expect(safeReturn('/messages?status=failed#x')).toBe('/messages?status=failed#x')
  })
})
