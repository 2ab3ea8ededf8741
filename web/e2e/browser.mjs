// Chromium for the tests in this folder; no request may leave this machine's loopback.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium'
export const SIZES = { laptop: [1366, 768], desktop: [1920, 1080], wall: [3840, 2160], phone: [390, 844] }

export async function startBrowser(more = []) {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: apt-get install -y --no-install-recommends chromium fonts-noto-cjk`)
  return chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none', ...more] })
}

/** A page that is logged in (with a key), and that writes down errors and requests to other hosts. */
export async function openPage(browser, { base, key, size = 'laptop', theme = 'light', language = 'en', motion = 'reduce' }) {
  const [width, height] = SIZES[size]
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: motion, locale: language === 'zh' ? 'zh-CN' : 'en-GB', hasTouch: size === 'phone', isMobile: size === 'phone' })
  await context.addInitScript(({ key, theme, language, origin }) => {
    if (location.origin !== origin) return
    if (key && !sessionStorage.getItem('hongyan.key')) sessionStorage.setItem('hongyan.key', key)
    localStorage.setItem('hongyan.theme', theme)
    localStorage.setItem('hongyan.language', language)
  }, { key, theme, language, origin: new URL(base).origin })
  const page = await context.newPage()
  const problems = []
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`))
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`) })
  await context.route((url) => url.origin !== new URL(base).origin && !['data:', 'blob:'].includes(url.protocol), (route) => { problems.push(`outside request: ${route.request().url()}`); return route.abort() })
  return { page, context, problems }
}
