// The nodes of a cluster, as an answer of three tells them: who leads, who is silent or being taken over, whose engine has trouble,
// and who died; and the page without the right to it and without a server.
const BEAT_MS = 900

export default async function ({ page, base, api, assert, axe, settle }) {
  const real = await api('GET', '/api/nodes')
  const engines = [{ role: 'store', engine: 'postgres', ok: true }, { role: 'queue', engine: 'rabbitmq', ok: true }, { role: 'coordination', engine: 'redis', ok: true }]
  const node = (number, more = {}) => ({ ...real.items[0], number, name: `mail-${number}.example:8000`, self: number === 1, leads: number === 2, silent_ms: BEAT_MS, held: 10 * number, waiting: number, in_flight: number, engines, ...more })
  const ended = [{ ...node(9, { state: 'gone', leads: false, engines: [] }), ended: 'dead', taken_by: 'mail-2.example:8000' }]
  let answer = { status: 200, json: { ...real, cluster: true, ended, items: [node(1), node(2), node(3, { version: '9.9.9', silent_ms: 12_000 }), node(4, { state: 'left', silent_ms: 16_000, engines: [] }), node(5, { engines: [engines[0], { ...engines[1], ok: false, detail: 'connection refused <b>' }, engines[2]] })] } }
  await page.route('**/api/nodes', (route) => route.fulfill(answer))
  await page.goto(`${base}/nodes`)
  await settle(page)
  const card = (number) => page.getByRole('article', { name: `mail-${number}.example:8000` })
  await card(2).getByText('Leads').waitFor()
  await card(1).getByText('Answers you').waitFor()
  await card(3).getByText('Silent').waitFor()
  await card(4).getByText('Being taken over').waitFor()
  await card(5).getByText('connection refused <b>').waitFor()
  await page.getByText('trouble at 1', { exact: true }).waitFor()
  assert.match(await page.getByRole('region', { name: 'All nodes together' }).innerText(), /Living\s+3\s*\/ 5[\s\S]*mail-2\.example:8000/)
  const row = page.getByRole('row').filter({ hasText: 'no. 9' })
  assert.match(await row.innerText(), /Died[\s\S]*mail-2\.example:8000/)
  assert.deepEqual(await axe(page), [])

  // What changes is shown without a reload; what cannot be loaded any more leaves the last on the screen.
  answer = { status: 200, json: { ...answer.json, items: answer.json.items.map((each) => ({ ...each, leads: each.number === 1 })), ended: [] } }
  await card(1).getByText('Leads').waitFor()
  await page.getByText('No node has ended').waitFor()
  answer = { status: 503, contentType: 'application/problem+json', json: { type: '/problems/unavailable', title: 'no', status: 503, detail: 'The store is away.' } }
  await page.getByText('This is the last that could be loaded.').waitFor()
  await page.reload()
  await page.getByText('The store is away.').waitFor()
  answer = { status: 403, contentType: 'application/problem+json', json: { type: '/problems/forbidden', title: 'no', status: 403, detail: 'no' } }
  await page.reload()
  await page.getByText('It needs the scope “read”').waitFor()
  await page.unroute('**/api/nodes')
  await page.reload()
  await page.getByText('make cluster').waitFor()
}
