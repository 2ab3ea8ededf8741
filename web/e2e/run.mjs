// The console in a real browser against a real server: every page in both languages and themes, wide and narrow, looked at by
// axe; then the flows of flows/*.mjs. Pictures of each page go to e2e/out/.
//   HONGYAN_BINARY=../build/release/hongyan node e2e/run.mjs [pages] [flows] [NAME-OF-A-FLOW …]
//   BASE=http://127.0.0.1:4173 KEY=hy_… node e2e/run.mjs …      against a server that runs already
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { openPage, startBrowser } from './browser.mjs'
import { connectServer } from './server.mjs'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const out = new URL('out/', import.meta.url).pathname
mkdirSync(out, { recursive: true })
const words = process.argv.slice(2)
/** Minutes long: tools/test runs them by their names, side by side. */
const BY_NAME_ONLY = new Set(['adverse', 'hostile'])
const flowNames = readdirSync(new URL('flows', import.meta.url)).filter((name) => name.endsWith('.mjs')).map((name) => name.slice(0, -4)).sort()
const chosen = flowNames.filter((name) => words.includes(name))
const withPages = words.length === 0 || words.includes('pages')
const flows = chosen.length ? chosen : words.length === 0 || words.includes('flows') ? flowNames.filter((name) => !BY_NAME_ONLY.has(name)) : []
const failures = []
const THEMES = (process.env.THEMES ?? 'light,dark').split(',')
const TONGUES = (process.env.LANGUAGES ?? 'en,zh').split(',')
const ONLY = process.env.ONLY?.split(',')

function fail(where, what) {
  failures.push(`${where}: ${what}`)
  console.error(`  ✗ ${where}: ${what}`)
}

async function settle(page) {
  await page.waitForLoadState('domcontentloaded')
  await page.waitForFunction(() => !document.querySelector('.skeleton, .splash, .route-progress'), undefined, { timeout: 15_000 }).catch(() => undefined)
  await page.waitForTimeout(350)
}

/** Serious and critical findings of axe, each with the elements. */
async function axe(page) {
  await page.evaluate(axeSource)
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] })
    return violations.filter((each) => ['serious', 'critical'].includes(each.impact))
      .map((each) => `${each.id} (${each.impact}): ${each.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.any?.[0]?.message ?? ''}`).join(' | ')}${each.nodes.length > 3 ? ` and ${each.nodes.length - 3} more` : ''}`)
  })
}

async function pagesOf(page, base, api) {
  await page.goto(base)
  await page.waitForSelector('.nav-bar a.item', { state: 'attached' })
  const paths = await page.$$eval('.nav-bar .lists a.item', (links) => links.map((link) => new URL(link.href).pathname))
  const more = ['/monitor?screen=1', '/no-such-page']
  const messages = await api('GET', '/api/messages?limit=1')
  if (paths.includes('/messages') && messages.items[0]) more.push(`/messages?open=${messages.items[0].message_id}`)
  const templates = await api('GET', '/api/messages/templates?limit=50')
  const template = templates.items[0]
  const mail = templates.items.find((each) => each.channel === 'email')
  if (paths.includes('/templates') && template) more.push(`/templates/${template.id}`, ...(mail ? [`/templates/${mail.id}/visual`] : []))
  return [...paths, ...more].filter((path) => !ONLY || ONLY.includes(path))
}

async function lookAt(page, path, where, size) {
  await settle(page)
  for (const finding of await axe(page)) fail(where, finding)
  if (size === 'phone') {
    const over = await page.evaluate(() => document.scrollingElement.scrollWidth - Math.min(innerWidth, screen.width, document.documentElement.clientWidth))
    if (over > 1) fail(where, `wider than the screen by ${over} px`)
  }
  // A key that has no text is shown as itself.
  const keys = await page.evaluate(() => document.body.innerText.match(/\b(common|home|monitor|login|messages|tasks|dead-letters|templates|send|batch|inbox|providers|pools|nodes|webhooks|suppressions|keys|settings)\.[a-z][\w-]*(\.[\w-]+)*\b/g)) ?? []
  const wrong = keys.filter((key) => !/\.(com|cn|org|json|toml|csv|db)$/.test(key))
  if (wrong.length) fail(where, `words without a text: ${[...new Set(wrong)].join(', ')}`)
}

async function checkPages(browser, { base, key, api }) {
  for (const language of TONGUES) for (const theme of THEMES) for (const size of ['laptop', 'phone']) {
    const { page, context, problems } = await openPage(browser, { base, key, size, theme, language })
    for (const path of await pagesOf(page, base, api)) {
      const where = `${path} ${size} ${theme} ${language}`
      problems.length = 0
      await page.goto(base + path)
      await lookAt(page, path, where, size)
      const name = path.replace(/[?&].*open=.*/, '-open').replace(/[^a-z0-9]+/gi, '_').replace(/^_|_$/g, '') || 'home'
      await page.screenshot({ path: `${out}${name}-${size}-${theme}-${language}.png` })
      for (const problem of new Set(problems)) fail(where, problem)
    }
    await context.close()
    // The login page has no key.
    const guest = await openPage(browser, { base, key: '', size, theme, language })
    await guest.page.goto(`${base}/login`)
    await lookAt(guest.page, '/login', `/login ${size} ${theme} ${language}`, size)
    await guest.page.screenshot({ path: `${out}login-${size}-${theme}-${language}.png` })
    await guest.context.close()
    console.log(`  ${language} ${theme} ${size} done`)
  }
}

/** Twice, if it fails: on a shared machine a moment can be missed once. Both are told; what fails twice fails. */
async function runFlow(browser, name, server) {
  const before = failures.length
  await tryFlow(browser, name, server)
  if (failures.length === before) return
  console.log(`    once more: ${name}`)
  const first = failures.splice(before)
  await tryFlow(browser, name, server)
  if (failures.length > before) failures.push(...first)
}

async function tryFlow(browser, name, server) {
  const { default: flow } = await import(`./flows/${name}.mjs`)
  const { page, context, problems } = await openPage(browser, { base: server.base, key: server.key, language: 'en' })
  page.setDefaultTimeout(Number(process.env.TIMEOUT_MS ?? 30_000))
  const started = Date.now()
  try {
    await flow({ page, context, problems, settle, assert, axe: () => axe(page), browser, ...server, openPage: (more) => openPage(browser, { base: server.base, key: server.key, ...more }) })
    console.log(`  ✓ ${name} (${((Date.now() - started) / 1_000).toFixed(1)} s)`)
  } catch (error) {
    await page.screenshot({ path: `${out}failed-${name}.png` }).catch(() => undefined)
    fail(name, `${error.stack ?? error}`)
  }
  for (const problem of new Set(problems)) if (/outside request|^error: (?!Failed to load resource)/.test(problem)) fail(name, problem)
  await context.close()
}

const server = await connectServer()
const browser = await startBrowser()
try {
  await server.seed()
  if (withPages) await checkPages(browser, server)
  for (const name of flows) await runFlow(browser, name, server)
} finally {
  await browser.close()
  await server.stop()
}
console.log(failures.length ? `${failures.length} failures` : 'all well')
process.exit(failures.length ? 1 : 0)
