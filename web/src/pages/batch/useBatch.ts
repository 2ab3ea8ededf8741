// What the page does with a file: read it (in a worker), check it with the server, send it call by call, stop.
import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { body, REQUEST_SECONDS } from '@/api/client'
import type { Channel, Schema } from '@/api/contract'
import { ApiProblem, isAbort, problemFromUnknown } from '@/api/problem'
import { useApi } from '@/api/session'
import { inCalls, rowOf, type Mapped, type RowProblem } from './recipients'
import type { ParseChoices, Table } from './table'

export interface BatchRequest { name?: string; channel: Channel; template_id?: number; content?: string; subject?: string; variables?: Record<string, unknown>; priority: number; send_at?: string }
export interface Checked { recipients: number; valid: number; invalid: number; duplicates: number; suppressed: number; segments: number; cost?: { amount: number; currency: string }; seconds?: number; problems: RowProblem[]; previews: { recipient?: string; subject?: string; content?: string }[] }

const TRIES = 4
const newRun = () => [...crypto.getRandomValues(new Uint32Array(3))].map((part) => part.toString(36)).join('')
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export function useBatch() {
  const api = useApi()
  const table = shallowRef<Table>()
  const fileName = ref('')
  const reading = ref(false)
  const failed = ref('')
  const checked = shallowRef<Checked>()
  const problem = shallowRef<ApiProblem>()
  const working = ref<'check' | 'send' | ''>('')
  const sentCalls = ref(0)
  const allCalls = ref(0)
  const tasks = ref<number[]>([])
  let bytes: ArrayBuffer | undefined
  let worker: Worker | undefined
  let lastId = 0
  /** The name of this sending, in the keys of its calls: the same for every try of what was checked once. */
  let run = ''
  let controller: AbortController | undefined

  function parse(choices: ParseChoices = {}): void {
    if (!bytes) return
    worker ??= new Worker(new URL('./table.worker.ts', import.meta.url), { type: 'module' })
    const id = ++lastId
    reading.value = true
    worker.onmessage = (event: MessageEvent<{ id: number; table?: Table; failed?: string }>) => {
      if (event.data.id !== lastId) return
      reading.value = false
      table.value = event.data.table
      failed.value = event.data.failed ?? ''
    }
    worker.postMessage({ id, bytes, choices })
  }

  async function read(file: File): Promise<void> {
    fileName.value = file.name
    checked.value = undefined
    bytes = await file.arrayBuffer()
    parse()
  }

  const signal = () => (controller = new AbortController()).signal

  async function check(request: BatchRequest, mapped: Mapped): Promise<void> {
    if (working.value) return
    working.value = 'check'
    problem.value = undefined
    run = newRun()
    const total: Checked = { recipients: mapped.recipients.length, valid: 0, invalid: 0, duplicates: mapped.duplicates, suppressed: 0, segments: 0, problems: [...mapped.problems], previews: [] }
    const stop = signal()
    try {
      let first = 0
      for (const recipients of inCalls(mapped.recipients)) {
        const reply = await body(api.POST('/api/messages/send-batch', { body: { ...request, recipients, dry_run: true } as never, signal: stop })) as Schema<'DryRunReply'>
        total.valid += reply.valid
        total.invalid += reply.invalid
        total.suppressed += reply.suppressed
        total.segments += reply.segments_total ?? 0
        total.seconds = (total.seconds ?? 0) + (reply.estimate_seconds ?? 0)
        if (reply.cost) total.cost = { amount: (total.cost?.amount ?? 0) + reply.cost.amount, currency: reply.cost.currency }
        if (!total.previews.length) total.previews = reply.previews
        for (const each of reply.problems) {
          const row = first + (each.index ?? rowOf(each.path))
          total.problems.push({ line: mapped.lines[row] ?? 0, recipient: mapped.recipients[row]?.recipient ?? '', field: each.path.replace(/^\$\.recipients\[\d+\]\.?/, ''), text: each.message })
        }
        first += recipients.length
      }
      checked.value = total
    } catch (error) {
      if (!isAbort(error)) problem.value = problemFromUnknown(error)
    }
    working.value = ''
  }

  /** Each call has a key of its own, so that a repeat after a lost answer sends nothing twice. */
  async function sendCall(request: object, key: string, stop: AbortSignal): Promise<number> {
    for (let tries = 1; ; tries += 1) {
      try {
        const reply = await body(api.POST('/api/messages/send-batch', { params: { header: { 'Idempotency-Key': key } }, body: request as never, signal: stop }))
        return (reply as Schema<'SendBatchReply'>).task_id
      } catch (error) {
        const failure = isAbort(error) ? undefined : problemFromUnknown(error)
        if (!failure || stop.aborted || tries >= TRIES || !['busy', 'offline', 'timeout'].includes(failure.kind)) throw error
        await sleep(Math.min(REQUEST_SECONDS, failure.retryAfterSeconds ?? tries) * 1_000)
      }
    }
  }

  async function send(request: BatchRequest, mapped: Mapped, bad: Set<number>): Promise<boolean> {
    if (working.value) return false
    working.value = 'send'
    problem.value = undefined
    const stop = signal()
    const calls = inCalls(mapped.recipients.filter((_, index) => !bad.has(mapped.lines[index] ?? -1)))
    allCalls.value = calls.length
    sentCalls.value = 0
    tasks.value = []
    try {
      for (const recipients of calls) {
        if (stop.aborted) break
        tasks.value = [...tasks.value, await sendCall({ ...request, recipients }, `console-${run}-${sentCalls.value}`, stop)]
        sentCalls.value += 1
      }
    } catch (error) {
      if (!isAbort(error)) problem.value = problemFromUnknown(error)
    }
    working.value = ''
    return !problem.value && !stop.aborted
  }

  function forget() {
    controller?.abort()
    bytes = undefined
    table.value = undefined
    checked.value = undefined
    tasks.value = []
    fileName.value = failed.value = ''
    problem.value = undefined
  }
  onScopeDispose(() => worker?.terminate())
  return { table, fileName, reading, failed, checked, problem, working, sentCalls, allCalls, tasks, read, parse, check, send, stop: () => controller?.abort(), forget, sending: computed(() => working.value === 'send') }
}
