// web/dist in front of a running server: the built console under the real Content-Security-Policy, everything else passed on.
// A server that is gone looks as it does without this: the connection breaks.
import { createServer, request as ask } from 'node:http'
import { connect } from 'node:net'
import { serveStatic } from '../e2e/statics.mjs'

const PASSED = /^\/(api\/|docs$|openapi\.json|assets\/(swagger\/|docs\.)|livez|readyz|metrics)/

export function startFront(url, port = 0) {
  const target = new URL(url)
  const server = createServer((request, response) => {
    if (!PASSED.test(request.url)) return serveStatic(request, response)
    const passed = ask({ host: target.hostname, port: target.port, path: request.url, method: request.method, headers: request.headers }, (reply) => {
      response.writeHead(reply.statusCode, reply.headers)
      reply.pipe(response)
      reply.on('error', () => response.destroy())
    })
    passed.on('error', () => response.destroy())
    request.pipe(passed)
  })
  server.on('upgrade', (request, socket, head) => {
    const upstream = connect(Number(target.port), target.hostname, () => {
      upstream.write(`${request.method} ${request.url} HTTP/1.1\r\n${Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`)
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    upstream.on('close', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
  })
  return new Promise((done) => server.listen(port, '127.0.0.1', () => done({ url: `http://127.0.0.1:${server.address().port}`, stop: () => { server.close(); server.closeAllConnections() } })))
}
