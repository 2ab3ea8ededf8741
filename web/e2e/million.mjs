// Clicks on a server with a million stored messages: from each click until what was asked for is painted, at most a second.
// The least of three times counts: what else the machine does must not decide.
//   HONGYAN_BINARY=../build/release/hongyan node e2e/million.mjs        MESSAGES=1000000 LIMIT_MS=1000
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { openPage, startBrowser } from './browser.mjs'
import { connectServer } from './server.mjs'

const COUNT = Number(process.env.MESSAGES ?? 1_000_000)
const LIMIT_MS = Number(process.env.LIMIT_MS ?? 1_000)
const TRIES = 3
const FILL = fileURLToPath(new URL('../../test/system/million.py', import.meta.url))

/** What is clicked (a selector), on which page; done when the address has `url`, `want` is there and nothing is asked any more. */
const CLICKS = [
  { name: 'navigation: messages', on: '/send', click: '.nav-bar a[href="/messages"]', url: '/messages', want: 'tbody tr[data-row]' },
  ...['success', 'failed', 'delivered', 'cancelled', 'expired', 'unknown', 'pending'].map((status) => ({ name: `messages: status ${status}`, on: '/messages', chip: status, url: `status=${status}`, want: status === 'pending' ? '.block h2' : 'tbody tr[data-row]' })),
  ...['sms', 'email', 'app', 'wechat', 'feishu'].map((channel) => ({ name: `messages: channel ${channel}`, on: '/messages', choose: ['.pick select', channel], url: `channel=${channel}`, want: 'tbody tr[data-row]' })),
  ...['15m', '1h', '24h', '7d'].map((range) => ({ name: `messages: last ${range}`, on: '/messages', choose: ['.pick:nth-of-type(3) select', range], url: `range=${range}`, want: 'tbody tr[data-row]' })),
  ...[['template_id', '2'], ['template_id', '99'], ['task_id', '3'], ['provider', 'smpp'], ['provider', 'nobody'], ['recipient', '13900000000'], ['priority', '10'], ['error', '550'], ['error', 'nothing like it']].map(([filter, value]) => ({
    name: `messages: ${filter} ${value}`, on: '/messages', change: [filter, value], url: `${filter}=`, want: 'tbody tr[data-row], .block h2' })),
  ...[['13900000000', 'a recipient'], ['daily limit', 'words of an error'], ['zzz', 'what is not there']].map(([text, what]) => ({ name: `messages: search for ${what}`, on: '/messages', search: text, url: 'q=', want: 'tbody tr[data-row], .block h2' })),
  { name: 'messages: failed by e-mail', on: '/messages?channel=email', chip: 'failed', url: 'status=failed', want: 'tbody tr[data-row]' },
  { name: 'messages: next page', on: '/messages', click: '.pager button:last-child', url: 'cursor=', want: 'tbody tr[data-row]' },
  { name: 'messages: next page of failed', on: '/messages?status=failed', click: '.pager button:last-child', url: 'cursor=', want: 'tbody tr[data-row]' },
  { name: 'messages: open one', on: '/messages', click: 'tbody tr[data-row] a', url: 'open=', want: '[role="dialog"] .facts' },
  { name: 'messages: open a failed one', on: '/messages?status=failed', click: 'tbody tr[data-row] a', url: 'open=', want: '[role="dialog"] .facts' },
  { name: 'messages: back from the filter', on: '/messages', before: { chip: 'failed', url: 'status=failed' }, back: true, url: '/messages', without: 'status=', want: 'tbody tr[data-row]' },
  { name: 'navigation: monitor', on: '/messages', click: '.nav-bar a[href="/monitor"]', url: '/monitor', want: '.chart canvas' },
  { name: 'navigation: overview', on: '/messages', click: '.nav-bar a[href="/"]', want: '.page h1' },
  { name: 'navigation: tasks', on: '/messages', click: '.nav-bar a[href="/tasks"]', url: '/tasks', want: 'tbody tr[data-row]' },
  { name: 'tasks: open one', on: '/tasks', click: 'tbody tr[data-row] a', url: 'open=', want: '[role="dialog"] .facts' },
  { name: 'task to its messages', on: '/tasks?open=3', click: '[role="dialog"] a[href*="task_id=3"]:not([href*="status"])', url: 'task_id=3', want: 'tbody tr[data-row]' },
  { name: 'navigation: dead letters', on: '/messages', click: '.nav-bar a[href="/dead-letters"]', url: '/dead-letters', want: 'tbody tr[data-row]' },
  { name: 'dead letters: messages of a cause', on: '/dead-letters', click: 'tbody a.cause', url: '/messages', want: 'tbody tr[data-row] .recipient' },
  { name: 'navigation: inbox', on: '/messages', click: '.nav-bar a[href="/inbox"]', url: '/inbox', want: '.page h1' },
  { name: 'navigation: providers', on: '/messages', click: '.nav-bar a[href="/providers"]', url: '/providers', want: '.page h1' },
  { name: 'navigation: pools', on: '/messages', click: '.nav-bar a[href="/pools"]', url: '/pools', want: '.pool' },
  { name: 'navigation: settings', on: '/messages', click: '.nav-bar a[href="/settings"]', url: '/settings', want: '.page h1' },
]

/** In the page: does it, and gives the milliseconds until the frame after everything is there. */
function clickAndWait({ step, limit }) {
  const find = (selector) => document.querySelector(selector)
  const field = (name) => [...document.querySelectorAll('#more-filters label')][['template_id', 'task_id', 'provider', 'recipient', 'priority', 'error'].indexOf(name)].querySelector('input')
  const set = (element, value, event) => { element.value = value; element.dispatchEvent(new Event(event, { bubbles: true })) }
  const begun = performance.now()
  if (step.back) history.back()
  else if (step.chip) [...document.querySelectorAll('.chip')].find((chip) => chip.querySelector(`[data-status="${step.chip}"]`)).click()
  else if (step.choose) set(find(step.choose[0]), step.choose[1], 'change')
  else if (step.change) set(field(step.change[0]), step.change[1], 'change')
  else if (step.search) { set(find('.search input'), step.search, 'input'); find('.filters').requestSubmit() }
  else find(step.click).click()
  const isThere = () => location.href.includes(step.url ?? '') && !(step.without && location.href.includes(step.without)) && window.__asked === 0 && (!step.want || find(step.want)) && !find('.skeleton') && !find('[aria-busy="true"]')
  return new Promise((done) => {
    let quiet = 0
    const look = () => {
      const now = performance.now() - begun
      quiet = isThere() ? quiet + 1 : 0
      // Two frames in a row: the second shows what the first has drawn.
      if (quiet === 2) done(now)
      else if (now > limit) done(Number.POSITIVE_INFINITY)
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
}

function fill(folder) {
  const begun = Date.now()
  execFileSync('python3', [FILL, folder, String(COUNT)], { stdio: 'inherit' })
  console.log(`${COUNT} messages written in ${((Date.now() - begun) / 1_000).toFixed(0)} s`)
}

const server = await connectServer({ prepare: fill, readySeconds: 120, more: ['--set', 'retention.message_days=3000'] })
const browser = await startBrowser()
let wrong = 0
try {
  for (const limit of (await server.api('GET', '/api/limits')).items) await server.api('PATCH', `/api/limits/${limit.id}`, { max_value: 1_000_000 })
  const { page, problems } = await openPage(browser, { base: server.base, key: server.key })
  await page.addInitScript(() => {
    window.__asked = 0
    const ask = window.fetch
    window.fetch = (...all) => { window.__asked += 1; return ask(...all).finally(() => setTimeout(() => { window.__asked -= 1 })) }
  })
  const ready = async (path) => {
    await page.goto(server.base + path)
    await page.waitForFunction(() => document.querySelector('.page h1') && window.__asked === 0 && !document.querySelector('.skeleton'), undefined, { timeout: 20_000 })
  }
  // The first minutes after a start, segments for the search by recipient are still written.
  await ready('/messages')
  for (const step of CLICKS) {
    const times = []
    for (let turn = 0; turn < TRIES && !times.some((ms) => ms <= LIMIT_MS); turn += 1) {
      await ready(step.on)
      if (step.before) await page.evaluate(clickAndWait, { step: step.before, limit: 10_000 })
      times.push(await page.evaluate(clickAndWait, { step, limit: 10_000 }))
    }
    const best = Math.min(...times)
    if (best > LIMIT_MS) wrong += 1
    console.log(`  ${best > LIMIT_MS ? '✗' : '✓'} ${step.name}: ${times.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`)
  }
  for (const problem of new Set(problems)) if (/outside request|^error: /.test(problem)) { wrong += 1; console.error(`  ✗ ${problem}`) }
} finally {
  await browser.close()
  await server.stop()
}
console.log(wrong ? `${wrong} of ${CLICKS.length} clicks are too slow or wrong` : `all ${CLICKS.length} clicks within ${LIMIT_MS} ms`)
process.exit(wrong ? 1 : 0)
