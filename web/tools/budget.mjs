// Holds the built console to its sizes (KiB, gzip): the first load of /monitor and of the login page, every other page's own
// part, and that no file asks for anything outside. Run after "vite build":  node tools/budget.mjs [DIST_FOLDER]
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const FIRST_LOAD_MAX = 500
const ROUTE_MAX = 200
// The editors of templates are large by their nature and only loaded when they are opened.
const EDITORS = /codemirror|grapes|mjml|BlockEditor|VisualEditor|CodeEditor|CodeArea/i
const FIRST_PAGES = { '/monitor': 'src/pages/monitor/MonitorPage.vue', '/login': 'src/pages/login/LoginPage.vue' }
// What pages load by themselves right after their start.
const ALSO = { '/monitor': ['src/ui/charts/echarts.ts', 'src/i18n/server/zh/index.ts'] }
const LANGUAGE = 'zh'

const dist = process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url))
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))
const sizes = new Map()
const problems = []

function kib(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1024)
  return sizes.get(file)
}

/** The files of these entries with all that they import (not what they may load later). */
function filesOf(entries, seen = new Set(), files = new Set()) {
  for (const entry of entries) {
    if (seen.has(entry)) continue
    seen.add(entry)
    const chunk = manifest[entry]
    if (!chunk) throw new Error(`budget: ${entry} is not in the build: is it still the right name?`)
    files.add(chunk.file)
    for (const css of chunk.css ?? []) files.add(css)
    filesOf(chunk.imports ?? [], seen, files)
  }
  return files
}

const sum = (files) => [...files].reduce((total, file) => total + kib(file), 0)
const words = (area) => [`src/i18n/${LANGUAGE}/${area}.ts`].filter((name) => manifest[name])
const shared = filesOf(['index.html', ...words('common'), ...Object.keys(manifest).filter((name) => /locale\/lang\/zh-cn/.test(name))])

for (const [path, page] of Object.entries(FIRST_PAGES)) {
  const files = new Set([...shared, ...filesOf([page, ...words(path.slice(1)), ...(ALSO[path] ?? [])])])
  const size = sum(files) + gzipSync(readFileSync(join(dist, 'index.html'))).length / 1024
  console.log(`${path.padEnd(28)} ${size.toFixed(1).padStart(7)} KiB gzip of ${FIRST_LOAD_MAX}, first load, ${files.size} files`)
  if (size > FIRST_LOAD_MAX) problems.push(`${path}: the first load is ${size.toFixed(1)} KiB, more than ${FIRST_LOAD_MAX}`)
}

const charts = filesOf(['src/ui/charts/echarts.ts'])
for (const [name, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry || EDITORS.test(name) || EDITORS.test(chunk.file) || name === 'src/ui/charts/echarts.ts') continue
  const own = [...filesOf([name])].filter((file) => !shared.has(file) && !charts.has(file) && !EDITORS.test(file))
  const size = sum(own)
  if (/pages\//.test(name)) console.log(`${name.replace('src/pages/', '').padEnd(28)} ${size.toFixed(1).padStart(7)} KiB gzip of ${ROUTE_MAX}`)
  if (size > ROUTE_MAX) problems.push(`${name}: ${size.toFixed(1)} KiB, more than ${ROUTE_MAX}`)
}
if (sum(charts) > ROUTE_MAX) problems.push(`the charts: ${sum(charts).toFixed(1)} KiB, more than ${ROUTE_MAX}`)

// No address that a browser would fetch by itself.
const OUTSIDE = /(?:src|href)=["']?https?:\/\/|url\(["']?https?:\/\/|@import\s+["']https?:|(?:fetch|import|WebSocket|EventSource)\(["'`](?:https?|wss?):\/\//
for (const file of readdirSync(join(dist, 'assets'))) {
  if (!/\.(js|css|html)$/.test(file)) continue
  const found = readFileSync(join(dist, 'assets', file), 'utf8').match(OUTSIDE)
  if (found && !/w3\.org/.test(found[0]) && !EDITORS.test(file)) problems.push(`assets/${file}: asks for something outside: ${found[0]}`)
}
if (/<script(?![^>]*\bsrc=)/.test(readFileSync(join(dist, 'index.html'), 'utf8'))) problems.push('index.html has an inline script')

for (const problem of problems) console.error(`budget: ${problem}`)
process.exit(problems.length ? 1 : 0)
