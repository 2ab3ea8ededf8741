// Pictures of pages to look at, into e2e/out/:
//   node e2e/shots.mjs --base http://127.0.0.1:4173 --key hy_… [--sizes laptop,phone] [--themes light,dark] [--languages en,zh] /monitor "/messages?status=failed" …
import { mkdirSync } from 'node:fs'
import { openPage, startBrowser } from './browser.mjs'

const options = { base: 'http://127.0.0.1:4173', key: process.env.HONGYAN_ADMIN_KEY ?? '', sizes: 'laptop', themes: 'light', languages: 'en', wait: '1200', out: new URL('out', import.meta.url).pathname, prefix: '' }
const paths = []
for (let at = 2; at < process.argv.length; at += 1) {
  const word = process.argv[at]
  if (word.startsWith('--')) options[word.slice(2)] = process.argv[(at += 1)]
  else paths.push(word)
}
mkdirSync(options.out, { recursive: true })
const browser = await startBrowser()
for (const size of options.sizes.split(',')) for (const theme of options.themes.split(',')) for (const language of options.languages.split(',')) {
  const { page, context, problems } = await openPage(browser, { base: options.base, key: options.key, size, theme, language })
  for (const path of paths) {
    await page.goto(options.base + path)
    await page.waitForTimeout(Number(options.wait))
    const name = `${options.out}/${options.prefix}${path.replace(/^\/$/, 'home').replace(/[^a-z0-9]+/gi, '_').replace(/^_/, '')}-${size}-${theme}-${language}.png`
    await page.screenshot({ path: name })
    console.log(name)
  }
  for (const problem of new Set(problems)) console.log(`  ! ${problem}`)
  await context.close()
}
await browser.close()
