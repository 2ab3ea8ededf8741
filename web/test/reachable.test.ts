// The server goes away and comes back: what failed loads by itself, and what is sent twice is sent once.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { useOnce } from '@/api/once'
import { ApiProblem } from '@/api/problem'
import { noteReachable, onceReachable } from '@/api/reachable'
import { useResource } from '@/api/resource'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { noteReachable(); vi.useRealTimers() })

describe('a server that comes back', () => {
  it('wakes each waiter once', () => {
    const run = vi.fn()
    onceReachable(run)
    const off = onceReachable(run)
    off()
    noteReachable()
    noteReachable()
    expect(run).toHaveBeenCalledTimes(1)
  })
  it('is asked again by what failed, ever more rarely', async () => {
    const load = vi.fn<() => Promise<string>>().mockRejectedValue(new TypeError('network'))
    const scope = effectScope()
    const resource = scope.run(() => useResource(load))!
    await vi.advanceTimersByTimeAsync(0)
    expect(resource.problem.value?.kind).toBe('offline')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(load).toHaveBeenCalledTimes(1)
    for (let answers = 0; answers < 100; answers += 1) { noteReachable(); await vi.advanceTimersByTimeAsync(100) }
    expect(load.mock.calls.length).toBeLessThan(9)
    load.mockResolvedValue('there')
    noteReachable()
    await vi.advanceTimersByTimeAsync(30_000)
    expect(resource.data.value).toBe('there')
    expect(resource.problem.value).toBeUndefined()
    const calls = load.mock.calls.length
    noteReachable()
    await vi.advanceTimersByTimeAsync(30_000)
    expect(load).toHaveBeenCalledTimes(calls)
    scope.stop()
  })
  it('is not asked by pages that are gone, nor for what was refused', async () => {
    const load = vi.fn<() => Promise<string>>().mockRejectedValue(new TypeError('network'))
    const scope = effectScope()
    scope.run(() => useResource(load))
    await vi.advanceTimersByTimeAsync(0)
    scope.stop()
    const refused = vi.fn<() => Promise<string>>().mockRejectedValue(new ApiProblem('forbidden', 403, 'no'))
    const other = effectScope()
    other.run(() => useResource(refused))
    await vi.advanceTimersByTimeAsync(0)
    noteReachable()
    await vi.advanceTimersByTimeAsync(30_000)
    expect(load).toHaveBeenCalledTimes(1)
    expect(refused).toHaveBeenCalledTimes(1)
    other.stop()
  })
})

describe('sending once', () => {
  const keys: string[] = []
  const trySend = (once: ReturnType<typeof useOnce>, request: unknown, outcome?: Error) => once(request, async (key) => { keys.push(key); if (outcome) throw outcome; return 'sent' }).catch((error: Error) => error)
  it('keeps the key until the server has answered', async () => {
    keys.length = 0
    const once = useOnce()
    for (const kind of ['offline', 'timeout', 'busy', 'server'] as const) await trySend(once, { to: 1 }, new ApiProblem(kind, 0, ''))
    await trySend(once, { to: 1 }, new ApiProblem('invalid', 409, 'still under way'))
    await trySend(once, { to: 1 })
    expect(new Set(keys).size).toBe(1)
    await trySend(once, { to: 1 })
    expect(new Set(keys).size).toBe(2)
  })
  it('takes another for what was changed or refused', async () => {
    keys.length = 0
    const once = useOnce()
    await trySend(once, { to: 1 }, new ApiProblem('offline', 0, ''))
    await trySend(once, { to: 2 }, new ApiProblem('invalid', 422, 'wrong'))
    await trySend(once, { to: 2 })
    expect(new Set(keys).size).toBe(3)
  })
})
