import { mount, flushPromises } from '@vue/test-utils'
import { computed, nextTick } from 'vue'
import { beforeAll, describe, expect, it } from 'vitest'
import { ApiProblem } from '@/api/problem'
import { i18n, loadArea, switchLanguage } from '@/i18n'
import DataTable from '@/ui/DataTable.vue'
import SideDrawer from '@/ui/SideDrawer.vue'
import StatusTag from '@/ui/StatusTag.vue'
import { confirm, asked } from '@/ui/feedback'
import { usePages } from '@/api/resource'
import { MESSAGE_STATUSES, STATUSES } from '@/ui/status'

const global = { plugins: [i18n] }
beforeAll(async () => { await loadArea('common'); await switchLanguage('en') })

const columns = [{ key: 'name', label: 'Name' }]
const rows = [{ id: 'a', name: 'first' }, { id: 'b', name: 'second' }, { id: 'c', name: '<img src=x onerror=alert(1)>' }]
const table = (more: Record<string, unknown>) => mount(DataTable, { props: { columns, label: 'Things', rowKey: (row: object) => (row as { id: string }).id, ...more }, global, attachTo: document.body })

describe('a table', () => {
  it('has all states of a list', async () => {
    expect(table({ state: 'loading' }).find('.skeleton').exists()).toBe(true)
    const empty = table({ rows: [], emptyCommand: 'hongyan send' })
    expect(empty.text()).toContain('Nothing here yet')
    expect(empty.text()).toContain('hongyan send')
    const nothing = table({ rows: [], filtered: true })
    expect(nothing.text()).toContain('Nothing matches')
    await nothing.find('.el-button').trigger('click')
    expect(nothing.emitted('clear')).toHaveLength(1)
    const failed = table({ state: 'error', problem: new ApiProblem('server', 500, 'the disk is full', { type: '', title: '', status: 500, detail: '', code: 1, request_id: 'r-1' }) })
    expect(failed.text()).toContain('the disk is full')
    expect(failed.text()).toContain('r-1')
    await failed.find('.el-button').trigger('click')
    expect(failed.emitted('retry')).toHaveLength(1)
    expect(table({ state: 'error', problem: new ApiProblem('offline', 0, '') }).text()).toContain('cannot be reached')
    const forbidden = table({ state: 'error', problem: new ApiProblem('forbidden', 403, 'no'), scope: 'manage' })
    expect(forbidden.text()).toContain('“manage”')
    expect(forbidden.find('.el-button').exists()).toBe(false)
  })
  it('keeps what it has when a later load fails, and says so', () => {
    const shown = table({ rows, problem: new ApiProblem('offline', 0, '') })
    expect(shown.findAll('tr[data-row]')).toHaveLength(3)
    expect(shown.find('.stale').exists()).toBe(true)
  })
  it('is moved through and opened with the keyboard', async () => {
    const shown = table({ rows, opens: true })
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', cancelable: true }))
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', cancelable: true }))
    await nextTick()
    await nextTick()
    const second = shown.findAll('tr[data-row]')[1]
    expect(document.activeElement).toBe(second?.element)
    await second?.trigger('keydown', { key: 'Enter' })
    expect(shown.emitted('open')?.[0]).toEqual([rows[1]])
    shown.unmount()
  })
  it('selects rows, and all of them', async () => {
    const shown = table({ rows, selectable: true })
    await shown.findAll('tr[data-row] input')[1]?.trigger('change')
    expect([...(shown.emitted('update:selected')?.[0]?.[0] as Set<string>)]).toEqual(['b'])
    await shown.find('th input').trigger('change')
    expect((shown.emitted('update:selected')?.at(-1)?.[0] as Set<string>).size).toBe(3)
  })
  it('shows markup as text', () => {
    const shown = table({ rows })
    expect(shown.find('img').exists()).toBe(false)
    expect(shown.text()).toContain('<img src=x')
  })
})

describe('pages of a list', () => {
  it('go on, back and to the first, and drop the answer of an old question', async () => {
    const asked: (string | undefined)[] = []
    let cursor = ''
    let release: (() => void) | undefined
    const wrapper = mount({
      template: '<p />',
      setup() {
        const pages = usePages(async (at) => {
          asked.push(at)
          if (at === 'slow') await new Promise<void>((done) => { release = done })
          return { items: [at ?? 'start'], next_cursor: at ? undefined : 'two' }
        }, { cursor: () => cursor, setCursor: (next) => { cursor = next } })
        return { pages: computed(() => pages), raw: pages }
      },
    }, { global })
    await flushPromises()
    const pages = (wrapper.vm as unknown as { raw: ReturnType<typeof usePages<string>> }).raw
    expect(pages.items.value).toEqual(['start'])
    expect(pages.hasNext.value).toBe(true)
    pages.next()
    expect(cursor).toBe('two')
    pages.previous()
    expect(cursor).toBe('')
    cursor = 'slow'
    const slow = pages.reload()
    cursor = ''
    await pages.reload()
    release?.()
    await slow
    expect(pages.items.value).toEqual(['start'])
    expect(asked).toContain('slow')
  })
})

describe('a drawer', () => {
  it('takes the focus, closes with Esc, and gives the focus back', async () => {
    const button = document.createElement('button')
    document.body.append(button)
    button.focus()
    const drawer = mount(SideDrawer, { props: { open: false, title: 'Details' }, global, attachTo: document.body })
    await drawer.setProps({ open: true })
    await nextTick()
    expect((document.activeElement as HTMLElement).getAttribute('role')).toBe('dialog')
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', cancelable: true }))
    expect(drawer.emitted('close')).toHaveLength(1)
    await drawer.setProps({ open: false })
    expect(document.activeElement).toBe(button)
  })
})

describe('statuses', () => {
  it('have an icon and a word in both languages, never colour alone', async () => {
    for (const language of ['zh', 'en'] as const) {
      await switchLanguage(language)
      for (const status of MESSAGE_STATUSES) {
        expect(STATUSES[status], status).toBeDefined()
        const tag = mount(StatusTag, { props: { status }, global })
        expect(tag.find('svg').exists()).toBe(true)
        expect(tag.text()).not.toBe(status)
      }
    }
    expect(mount(StatusTag, { props: { status: 'brand_new' }, global }).text()).toBe('brand_new')
  })
})

describe('a question', () => {
  it('is answered once; a new one answers the old with no', async () => {
    const first = confirm({ title: '1', consequences: [], confirm: 'ok' })
    const second = confirm({ title: '2', consequences: [], confirm: 'ok' })
    expect(await first).toBe(false)
    asked.value?.answer(true)
    expect(await second).toBe(true)
    expect(asked.value).toBeUndefined()
  })
})
