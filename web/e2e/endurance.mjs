// Hours of the wall screen in minutes: 43,200 updates (six hours at two a second) with the page's clocks running faster, then
// the heap after garbage collection must be at most 1.15 times that of the start, and the figures those of the server. The start is
// after half an hour of the page's time: until then V8 still compiles what runs often, and every view has to be seen some times.
//   node e2e/endurance.mjs            UPDATES=43200 SPEED=60; SAMPLES=1 shows the heap as it goes; slower SPEED on a busy machine
import { openPage, startBrowser } from './browser.mjs'
import { startFakeServer } from './fake-server.mjs'

const UPDATES = Number(process.env.UPDATES ?? 43_200)
const SPEED = Number(process.env.SPEED ?? 60)
const WARM_UP = Math.min(4_000, UPDATES / 4)
const GROWTH_MAX = 1.15
const MINUTES_MAX = Number(process.env.MINUTES ?? 40)

const server = await startFakeServer()
const browser = await startBrowser(['--js-flags=--expose-gc'])
let failed = false
try {
  const { page, context, problems } = await openPage(browser, { base: server.url, key: 'hy_test', size: 'laptop', theme: 'dark' })
  // A busy machine may let the page wait; the deadline below is what counts.
  page.setDefaultTimeout(MINUTES_MAX * 60_000)
  // All clocks of the page run SPEED times as fast, so that throttled drawing keeps up with the updates.
  await page.addInitScript((speed) => {
    const now = performance.now.bind(performance)
    performance.now = () => now() * speed
    const start = Date.now()
    const date = Date.now.bind(Date)
    Date.now = () => start + (date() - start) * speed
    const { setTimeout: later, setInterval: often } = window
    window.setTimeout = (run, ms = 0, ...rest) => later(run, ms / speed, ...rest)
    window.setInterval = (run, ms = 0, ...rest) => often(run, Math.max(4, ms / speed), ...rest)
  }, SPEED)
  await page.goto(`${server.url}/monitor?screen=1&cycle=30`)
  await page.waitForSelector('.figure')
  const cdp = await context.newCDPSession(page)
  await cdp.send('Performance.enable')

  async function measure() {
    // The least of some: one alone may have caught a drawing half done.
    let usedSize = Infinity
    for (let turn = 0; turn < 4; turn += 1) {
      await page.waitForTimeout(500)
      await cdp.send('HeapProfiler.collectGarbage')
      usedSize = Math.min(usedSize, (await cdp.send('Runtime.getHeapUsage')).usedSize)
    }
    const { metrics } = await cdp.send('Performance.getMetrics')
    const metric = (name) => metrics.find((each) => each.name === name)?.value
    return { heap: usedSize, nodes: metric('Nodes'), listeners: metric('JSEventListeners') }
  }

  const shownTotal = async () => Number((await page.textContent('.figure[data-kind="sent"] strong')).replace(/\D/g, ''))
  /** Until the page has drawn all that was sent: it must not fall behind for good. */
  async function drawn() {
    while ((await shownTotal()) !== server.world.sent && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  const started = Date.now()
  const deadline = Date.now() + MINUTES_MAX * 60_000
  /** With SAMPLES=1: the heap as it goes, to see whether it rises or has only come up. */
  async function sample(sent) {
    if (!process.env.SAMPLES) return
    const { heap } = await measure()
    console.log(`  ${sent}: ${(heap / 1_048_576).toFixed(2)} MiB`)
  }

  async function run(count) {
    for (let sent = 0; sent < count;) {
      if (Date.now() > deadline) throw new Error(`not done within ${MINUTES_MAX} minutes`)
      for (let burst = 0; burst < 4 && sent < count && server.push(); burst += 1) sent += 1
      if (sent % 100 < 4) await drawn()
      if (sent % 4_000 < 4) await sample(sent)
      if (sent % 4_000 < 4) console.log(`… ${sent} at ${((Date.now() - started) / 1_000).toFixed(0)} s`)
      await new Promise((resolve) => setTimeout(resolve, 2_000 / SPEED))
    }
    await drawn()
  }

  await run(WARM_UP)
  const before = await measure()
  await run(UPDATES - WARM_UP)
  const after = await measure()
  const growth = after.heap / before.heap
  const shown = await shownTotal()
  const mib = (bytes) => (bytes / 1_048_576).toFixed(2)
  console.log(`${UPDATES} updates in ${((Date.now() - started) / 1_000).toFixed(0)} s`)
  console.log(`heap ${mib(before.heap)} → ${mib(after.heap)} MiB (× ${growth.toFixed(3)}), DOM nodes ${before.nodes} → ${after.nodes}, listeners ${before.listeners} → ${after.listeners}`)
  console.log(`total on the screen ${shown}, on the server ${server.world.sent}`)
  if (growth > GROWTH_MAX) { failed = true; console.error(`the heap grew × ${growth.toFixed(3)}, more than ${GROWTH_MAX}`) }
  if (after.nodes > before.nodes * 1.5 + 200) { failed = true; console.error('the number of DOM nodes grew') }
  if (after.listeners > before.listeners * 1.5 + 50) { failed = true; console.error('the number of listeners grew') }
  if (shown !== server.world.sent) { failed = true; console.error('the screen does not show what the server counted') }
  if (problems.length) { failed = true; console.error([...new Set(problems)].join('\n')) }
} finally {
  await browser.close()
  await server.stop()
}
process.exit(failed ? 1 : 0)
