// Serves web/dist under the real Content-Security-Policy and passes everything else on to a running server:
//   HONGYAN_URL=http://127.0.0.1:8000 PORT=4173 npm run preview
import { createServer, request as ask } from 'node:http'
import { connect } from 'node:net'
import { serveStatic } from '../e2e/statics.mjs'

const target = new URL(process.env.HONGYAN_URL ?? 'http://127.0.0.1:8000')
const port = Number(process.env.PORT ?? 4173)
const PASSED = /^\/(api\/|docs$|openapi\.json|assets\/(swagger\/|docs\.)|livez|readyz|metrics)/

const server = createServer((request, response) => {
  if (!PASSED.test(request.url)) return serveStatic(request, response)
  const passed = ask({ host: target.hostname, port: target.port, path: request.url, method: request.method, headers: request.headers }, (reply) => {
    response.writeHead(reply.statusCode, reply.headers)
    reply.pipe(response)
  })
  passed.on('error', () => response.writeHead(502).end())
  request.pipe(passed)
})
server.on('upgrade', (request, socket, head) => {
  const upstream = connect(Number(target.port), target.hostname, () => {
    upstream.write(`${request.method} ${request.url} HTTP/1.1\r\n${Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`)
    upstream.write(head)
    upstream.pipe(socket).pipe(upstream)
  })
  upstream.on('error', () => socket.destroy())
  socket.on('error', () => upstream.destroy())
})
server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port} → ${target.origin}`))
