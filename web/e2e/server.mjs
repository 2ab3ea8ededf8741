// The server under test: the release binary with a fresh data folder, or one that runs already (BASE and KEY). With DIST the
// pages come from that build of the console and not from the binary.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startFront } from '../tools/front.mjs'

const READY_SECONDS = 20

/** The environment without settings of ours, which the server would take (or refuse) as its own. */
function ownEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HONGYAN_')))
}

function freePort() {
  return new Promise((done, failed) => {
    const probe = createServer()
    probe.on('error', failed)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => done(port))
    })
  })
}

function makeApi(base, key) {
  /** Asks the API; throws with the problem's text unless the reply is a success. */
  return async function api(method, path, body, headers = {}) {
    const reply = await fetch(base + path, { method, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', ...headers }, body: body === undefined ? undefined : JSON.stringify(body) })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`)
    return text ? JSON.parse(text) : undefined
  }
}

/** Waits until a condition holds; fails with its name. */
export async function until(what, condition, seconds = 30) {
  const deadline = Date.now() + seconds * 1_000
  for (;;) {
    const found = await condition()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

function makeSeed(api) {
  return async function seed() {
    const recipients = { sms: '13800138000', email: 'reader@example.com', app: 'device-1', wechat: 'openid-1', feishu: 'ou_1' }
    for (const [channel, recipient] of Object.entries(recipients)) {
      for (let index = 0; index < 4; index += 1) await api('POST', '/api/messages/send', { channel, recipient, subject: 'Order update', content: `Your order ${index} is on its way.`, priority: index * 3 })
    }
    await api('POST', '/api/messages/send', { channel: 'sms', recipient: '13800138001', content: 'Later', delay_seconds: 86_400 })
  }
}

/** `prepare(folder)` may fill the data folder of a server that has made its tables and stands still; `more`: arguments of serve. */
export async function connectServer({ prepare, more = [], readySeconds = READY_SECONDS } = {}) {
  if (process.env.BASE) {
    const base = process.env.BASE
    const api = makeApi(base, process.env.KEY)
    return { base, key: process.env.KEY, api, until, seed: process.env.SEED === '0' ? async () => undefined : makeSeed(api), stop: async () => undefined, restartable: false }
  }
  const binary = resolve(process.env.HONGYAN_BINARY ?? '../build/release/hongyan')
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run tools/build, or set HONGYAN_BINARY`)
  const data = mkdtempSync(join(tmpdir(), 'hongyan-console-'))
  const key = `hy_${randomBytes(24).toString('hex')}`
  const port = await freePort()
  const own = `http://127.0.0.1:${port}`
  let child
  /** Starts the server unless it runs. */
  async function start() {
    if (child && child.exitCode === null && child.signalCode === null) return
    let log = ''
    child = spawn(binary, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, ...more], { env: { ...ownEnvironment(), HONGYAN_ADMIN_KEY: key }, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { log = (log + chunk).slice(-4_000) })
    await until('the server is ready', async () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${log}`)
      return fetch(`${own}/readyz`).then((reply) => reply.ok, () => false)
    }, readySeconds)
  }
  async function end() {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await ended
    clearTimeout(timer)
  }
  await start()
  if (prepare) {
    await end()
    await prepare(data)
    await start()
  }
  const front = process.env.DIST ? await startFront(own) : undefined
  const base = front?.url ?? own
  const api = makeApi(own, key)
  return { base, key, api, until, seed: makeSeed(api), restartable: true, start, end, stop: async () => { front?.stop(); await end(); rmSync(data, { recursive: true, force: true }) } }
}
