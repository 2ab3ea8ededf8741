// Serves web/dist as the server does: the real Content-Security-Policy, the application for every page, nothing else.
import { existsSync, readFileSync } from 'node:fs'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

export const CSP = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.json': 'application/json', '.png': 'image/png', '.woff2': 'font/woff2' }
const dist = process.env.DIST ?? fileURLToPath(new URL('../dist', import.meta.url))

export function serveStatic(request, response) {
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://a').pathname))
  let file = join(dist, path)
  if (path === '/' || !extname(path)) file = join(dist, 'index.html')
  if (!file.startsWith(dist) || !existsSync(file)) {
    response.writeHead(404).end()
    return
  }
  const type = TYPES[extname(file)] ?? 'application/octet-stream'
  const headers = { 'Content-Type': type, 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' }
  if (type.startsWith('text/html')) headers['Content-Security-Policy'] = CSP
  response.writeHead(200, headers).end(readFileSync(file))
}
