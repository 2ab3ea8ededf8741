import { effectScope } from 'vue'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { useShortcut } from '@/ui/shortcuts'

const scope = () => effectScope(true)
const press = (key: string, more: KeyboardEventInit = {}, target: EventTarget = document.body) => target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }))

describe('shortcuts', () => {
  const run = vi.fn()
  let own = scope()
  afterEach(() => { own.stop(); own = scope(); run.mockReset(); document.body.innerHTML = '' })

  it('work in sequences, and for single keys', () => {
    own.run(() => { useShortcut('g m', () => run('monitor')); useShortcut('?', () => run('help')); useShortcut('mod+k', () => run('palette')) })
    press('g'); press('m'); press('?', { shiftKey: true }); press('K', { ctrlKey: true }); press('m')
    expect(run.mock.calls.flat()).toEqual(['monitor', 'help', 'palette'])
  })
  it('leave what is typed alone', () => {
    own.run(() => { useShortcut('j', run); useShortcut('mod+k', run) })
    const input = document.createElement('input')
    document.body.append(input)
    press('j', {}, input)
    expect(run).not.toHaveBeenCalled()
    press('k', { metaKey: true }, input)
    expect(run).toHaveBeenCalledTimes(1)
  })
  it('go to the one that came last, and end with their component', () => {
    own.run(() => useShortcut('Escape', () => run('page')))
    const drawer = scope()
    drawer.run(() => useShortcut('Escape', () => run('drawer')))
    press('Escape')
    drawer.stop()
    press('Escape')
    own.stop()
    press('Escape')
    expect(run.mock.calls.flat()).toEqual(['drawer', 'page'])
  })
  it('ask the one before when the last says no', () => {
    own.run(() => { useShortcut('Escape', () => run('page')); useShortcut('Escape', () => false) })
    press('Escape')
    expect(run.mock.calls.flat()).toEqual(['page'])
  })
  it('do not take keys with Alt, or those that were handled', () => {
    own.run(() => useShortcut('j', run))
    press('j', { altKey: true })
    const event = new KeyboardEvent('keydown', { key: 'j', cancelable: true, bubbles: true })
    event.preventDefault()
    document.body.dispatchEvent(event)
    expect(run).not.toHaveBeenCalled()
  })
})
