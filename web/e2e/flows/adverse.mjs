// A slow network with a slow machine, answers that come late or get lost, impatient hands, and a server that is killed: no page is
// blank, nothing is sent twice, old answers do not overwrite new ones, and what was typed in is still there when the server is back.
const SLOW = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 }
const FIRST_SIGN_MS = 5_000
const LOAD_MS = 120_000
const PATHS = ['/', '/monitor', '/messages', '/tasks', '/dead-letters', '/templates', '/send', '/batch', '/inbox', '/providers', '/pools', '/webhooks', '/suppressions', '/keys', '/settings']
const SIGNS = '.splash svg, .route-progress, .skeleton, .block h2, #main h1'
const CSV = 'phone,order_no,customer_name,delivery_days\n13800138777,D1,Lin,3\n13800138778,D2,Wu,2'

const link = (page, path) => page.locator(`.nav-bar a.item[href="${path}"]`)
const isBlank = (page) => page.evaluate(() => document.body.innerText.trim() === '' && !document.querySelector('.splash svg, .skeleton'))

// PARTS=hands,late narrows it down.
export default async function (tools) {
  const wanted = (process.env.PARTS ?? 'slow,hands,late,killed').split(',')
  if (wanted.includes('slow')) await slow(tools)
  if (wanted.includes('hands')) await hands(tools)
  if (wanted.includes('late')) await late(tools)
  if (wanted.includes('killed') && tools.restartable) await killed(tools)
}

/** Every page by a thin line and a quarter of a processor: something to see at once, and in the end the page. */
async function slow({ base, assert, openPage }) {
  const { page, context, problems } = await openPage({})
  const cdp = await context.newCDPSession(page)
  await cdp.send('Network.enable')
  await cdp.send('Network.emulateNetworkConditions', SLOW)
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  const begun = Date.now()
  await page.goto(base, { waitUntil: 'commit' })
  await page.locator(SIGNS).first().waitFor({ timeout: FIRST_SIGN_MS })
  const first = Date.now() - begun
  await page.locator('#main h1').waitFor({ timeout: LOAD_MS })
  console.log(`    slow: first sign after ${first} ms, the page after ${((Date.now() - begun) / 1_000).toFixed(1)} s`)
  for (const path of PATHS.slice(1)) {
    const clicked = Date.now()
    await link(page, path).click()
    await page.waitForFunction((wanted) => document.querySelector('.route-progress') || location.pathname === wanted, path, { timeout: FIRST_SIGN_MS })
    for (;;) {
      assert.equal(await isBlank(page), false, `${path} is not blank on its way`)
      const there = await page.evaluate((wanted) => location.pathname === wanted && document.querySelector('#main h1, .wall-head h1') && !document.querySelector('.route-progress, .skeleton, .splash'), path)
      if (there) break
      assert.ok(Date.now() - clicked < LOAD_MS, `${path} is there in the end`)
      await page.waitForTimeout(60)
    }
  }
  assert.deepEqual(problems.filter((problem) => problem.startsWith('error')), [])
  await context.close()
}

/** Holds requests back. `lose`: they are carried out, but their answer never comes. */
async function hold(page, method, part, ms, lose = () => false) {
  await page.route((url) => url.pathname.includes(part), async (route) => {
    if (route.request().method() !== method) return route.fallback()
    if (lose()) {
      await route.fetch()
      return route.abort('connectionreset')
    }
    await new Promise((done) => setTimeout(done, ms))
    return route.continue().catch(() => undefined)
  })
}

/** Double clicks and Enter again and again while the answer takes its time; then an answer that is lost. */
async function hands({ page, base, api, assert, until, settle }) {
  // New numbers for a second try of the flow.
  const [once, lost] = ['1', '2'].map((first) => `137${first}${String(Date.now()).slice(-7)}`)
  const count = async (query) => (await api('GET', `/api/messages?limit=200&${query}`)).items.length
  for (const part of ['/messages/send', '/api/webhooks', '/api/keys', '/api/limits', '/api/suppressions']) await hold(page, 'POST', part, 700)
  await page.goto(`${base}/send?channel=sms`)
  await settle(page)
  await page.getByLabel('Recipient').fill(once)
  await page.getByLabel('Content', { exact: true }).fill('only once')
  await page.getByRole('button', { name: 'Send', exact: true }).dblclick()
  await page.getByLabel('Recipient').press('Enter')
  await page.getByLabel('Recipient').press('Enter')
  await page.getByText('Accepted and on disk').waitFor()
  await page.waitForTimeout(900)
  assert.equal(await count(`recipient=${once}`), 1, 'a double click sends one message')

  // The answer is lost on its way: whoever tries again sends nothing twice.
  let losses = 2
  await page.unrouteAll()
  await hold(page, 'POST', '/messages/send', 0, () => losses-- > 0)
  await page.getByLabel('Recipient').fill(lost)
  for (let tries = 0; tries < 2; tries += 1) {
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.locator('.wrong-text').waitFor()
  }
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.locator('.wrong-text').waitFor({ state: 'detached' })
  await page.waitForTimeout(300)
  assert.equal(await count(`recipient=${lost}`), 1, 'a lost answer does not make two messages')
  // The same text again, on purpose, is another message.
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await until('what is meant is sent', async () => (await count(`recipient=${lost}`)) === 2)
  await page.unrouteAll()

  for (const part of ['/api/webhooks', '/api/keys', '/api/limits', '/api/suppressions']) await hold(page, 'POST', part, 700)
  const dialog = page.getByRole('dialog')
  const forms = [
    { path: '/webhooks', open: 'Add', fill: { Address: 'http://127.0.0.1:9/once' }, send: 'Add', list: '/api/webhooks', is: (each) => each.status === 'active' && each.url.endsWith('/once') },
    { path: '/keys', open: 'Make a key', fill: { Name: 'made once' }, send: 'Make a key', list: '/api/keys', is: (each) => each.name === 'made once' && !each.revoked_at },
    { path: '/pools', open: 'Add a limit', fill: { Resource: 'domain:once.example', 'At most': '9' }, send: 'Save', list: '/api/limits', is: (each) => each.resource === 'domain:once.example' },
  ]
  for (const form of forms) {
    await page.goto(base + form.path)
    await settle(page)
    await page.getByRole('button', { name: form.open }).first().click()
    for (const [label, value] of Object.entries(form.fill)) await dialog.getByLabel(label).first().fill(value)
    await dialog.locator('button[type=submit]').dblclick()
    const found = await until(`${form.path}: it is made`, async () => { const all = (await api('GET', form.list)).items.filter(form.is); return all.length && all })
    await page.waitForTimeout(900)
    const all = (await api('GET', form.list)).items.filter(form.is)
    assert.equal(all.length, 1, `${form.path}: a double click makes one, not ${all.length}`)
    await (form.list === '/api/webhooks' ? api('PATCH', `/api/webhooks/${found[0].id}`, { status: 'disabled' }) : api('DELETE', `${form.list}/${found[0].id}`))
  }
  await page.unrouteAll()
}

/** Answers in the wrong order: what was asked for last is what is shown. */
async function late({ page, base, api, assert, settle }) {
  for (const who of ['early', 'last']) await api('POST', '/api/messages/send', { channel: 'email', recipient: `${who}@example.com`, subject: who, content: who })
  const answered = []
  const slower = (parameter, word) => page.route((url) => url.pathname.startsWith('/api/') && url.searchParams.get(parameter)?.includes(word), async (route) => {
    await new Promise((done) => setTimeout(done, 1_500))
    await route.continue().then(() => answered.push(word), () => undefined)
  })
  await slower('q', 'early')
  await slower('recipient', 'early')
  await page.goto(`${base}/messages`)
  await settle(page)
  const box = page.getByPlaceholder('Recipient, id, trace or part of an error')
  await box.fill('early@example.com')
  await box.press('Enter')
  await box.fill('last@example.com')
  await box.press('Enter')
  await page.waitForTimeout(2_200)
  const shown = async () => [...new Set(await page.locator('tbody .recipient').allInnerTexts())]
  assert.deepEqual(await shown(), ['last@example.com'])
  // Back and forth: the list is always that of the address.
  await page.goBack()
  await page.goForward()
  await page.waitForTimeout(2_000)
  assert.deepEqual(await shown(), ['last@example.com'])

  await page.goto(`${base}/inbox`)
  await settle(page)
  const who = page.getByRole('searchbox', { name: 'Recipient' })
  await who.fill('early@example.com')
  await who.press('Enter')
  await who.fill('last@example.com')
  await who.press('Enter')
  await page.waitForTimeout(2_200)
  assert.deepEqual([...new Set(await page.locator('.list strong').allInnerTexts())], ['last@example.com'])

  // Typed letter by letter: the box keeps every letter, the list is that of the whole word.
  await page.route((url) => url.pathname === '/api/messages/templates' && url.searchParams.has('q'), async (route) => {
    await new Promise((done) => setTimeout(done, 250 + 900 / route.request().url().length ** 0.5))
    await route.continue().catch(() => undefined)
  })
  await page.goto(`${base}/templates`)
  await settle(page)
  await page.getByPlaceholder(/Name/).pressSequentially('promotion', { delay: 130 })
  await page.waitForTimeout(1_500)
  assert.equal(await page.getByPlaceholder(/Name/).inputValue(), 'promotion')
  assert.match((await page.locator('tbody tr').allInnerTexts()).join(), /promotion/)
  assert.equal(await page.locator('tbody tr', { hasText: 'order_shipped' }).count(), 0)
  await page.unrouteAll()
}

/** The server is killed under open forms and comes back. */
async function killed(tools) {
  try {
    await killAndStart(tools)
  } finally {
    await tools.start().catch(() => undefined)
  }
}

/** The pages that are not shown yet are fetched ahead, one after another: begun three seconds after the start, done when no file has come for four. */
async function filesAhead(page, until) {
  let files = 0
  let since = Date.now()
  await until('the files of all pages are there', async () => {
    const now = await page.evaluate(() => performance.getEntriesByType('resource').filter((each) => each.responseEnd && /\/assets\/.*\.js$/.test(each.name)).length)
    if (now !== files) [files, since] = [now, Date.now()]
    return files > 20 && Date.now() - since > 4_000
  }, 60)
}

async function killAndStart({ base, api, assert, until, settle, openPage, start, end }) {
  const template = (await api('GET', '/api/messages/templates?limit=50')).items.find((each) => each.name === 'order_shipped')
  const late = `1373${String(Date.now()).slice(-7)}`
  const tabs = []
  async function tab(path, prepare, filled) {
    const opened = await openPage({})
    opened.page.setDefaultTimeout(30_000)
    await opened.page.goto(base + path)
    await opened.page.getByRole('button', { name: 'Live', exact: true }).waitFor()
    await settle(opened.page)
    await prepare(opened.page)
    await opened.page.evaluate(() => { window.__sameDocument = true })
    tabs.push({ ...opened, path, filled })
    return opened.page
  }
  const value = (page, label) => page.getByLabel(label).first().inputValue()
  const writing = await tab('/send?channel=sms', async (page) => { await page.getByLabel('Recipient').fill(late); await page.getByLabel('Content', { exact: true }).fill('written before the end') }, async (page) => (await value(page, 'Recipient')) === late)
  const hook = await tab('/webhooks', async (page) => { await page.getByRole('button', { name: 'Add' }).first().click(); await page.getByRole('dialog').getByLabel('Address').fill('http://127.0.0.1:9/kept') }, async (page) => (await page.getByRole('dialog').getByLabel('Address').inputValue()) === 'http://127.0.0.1:9/kept')
  const account = await tab('/providers?open=new', async (page) => { const dialog = page.getByRole('dialog'); await dialog.getByLabel('Provider').selectOption('sms/aliyun'); await dialog.getByLabel('Name', { exact: true }).fill('kept'); await dialog.getByLabel('access_key_id').fill('LTAI5tKept') }, async (page) => (await page.getByRole('dialog').getByLabel('access_key_id').inputValue()) === 'LTAI5tKept')
  const editor = await tab(`/templates/${template.id}`, async (page) => { await page.locator('.code-editor .cm-editor').first().waitFor(); await page.getByLabel('Title for people').fill('Kept title') }, async (page) => (await value(page, 'Title for people')) === 'Kept title')
  const batch = await tab(`/batch?template=${template.id}`, async (page) => { await page.setInputFiles('input[type=file]', { name: 'kept.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) }); await page.getByText('2 rows, 4 columns').waitFor() }, async (page) => page.getByText('2 rows, 4 columns').isVisible())
  const list = await tab('/messages', async () => undefined, async () => true)
  const walker = await tab('/', (page) => filesAhead(page, until), async () => true)

  await end()
  for (const { page, path, filled } of tabs) {
    await page.getByText('cannot be reached').first().waitFor()
    assert.ok(await filled(page), `${path}: what was typed in is there without the server`)
  }
  await writing.getByRole('button', { name: 'Send', exact: true }).click()
  await writing.locator('.wrong-text').waitFor()
  assert.notEqual((await writing.locator('.wrong-text').innerText()).trim(), '', 'it says why')
  await hook.getByRole('dialog').locator('button[type=submit]').click()
  await hook.getByRole('dialog').getByRole('alert').waitFor()
  assert.notEqual((await hook.getByRole('dialog').getByRole('alert').innerText()).trim(), '')
  await account.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await account.getByRole('dialog').getByRole('alert').waitFor()
  await editor.getByRole('button', { name: 'Save', exact: true }).click()
  await editor.getByRole('alert').filter({ hasText: 'Not saved' }).waitFor()
  await batch.getByRole('button', { name: /Check/ }).click()
  await batch.getByRole('alert').first().waitFor()

  // All the other pages, visited while there is no server: the banner, and what is missing with a way to try again.
  for (const path of PATHS.slice(1)) {
    await link(walker, path).click()
    await walker.waitForURL((url) => url.pathname === path).catch((error) => assert.fail(`${path}: ${error}`))
    await walker.getByText('cannot be reached').first().waitFor()
    await until(`${path} shows what it has`, async () => !(await walker.locator('.skeleton').count()), 30)
    assert.equal(await isBlank(walker), false, path)
    const retry = await walker.getByRole('button', { name: 'Try again' }).count()
    if (!['/monitor', '/send', '/batch', '/'].includes(path)) assert.ok(retry, `${path} offers to try again`)
  }
  await link(walker, '/tasks').click()
  await walker.getByRole('button', { name: 'Try again' }).waitFor()

  await start()
  for (const { page, path } of tabs) {
    await page.getByRole('button', { name: 'Try now' }).click({ timeout: 1_000 }).catch(() => undefined)
    await until(`${path} is live again`, () => page.getByRole('button', { name: 'Live', exact: true }).isVisible(), 40)
  }
  for (const { page, path, filled } of tabs) {
    assert.ok(await filled(page), `${path}: what was typed in is there afterwards`)
    assert.equal(await page.evaluate(() => window.__sameDocument), true, `${path}: nothing was loaded anew`)
  }
  await walker.locator('.table-box tbody tr, .table-box .block h2').first().waitFor()
  await until('the page that failed has loaded by itself', async () => !(await walker.getByRole('button', { name: 'Try again' }).count()))
  await list.locator('tbody tr').first().waitFor()

  await writing.getByRole('button', { name: 'Send', exact: true }).click()
  await writing.getByText('Accepted and on disk').waitFor()
  assert.equal((await api('GET', `/api/messages?recipient=${late}`)).items.length, 1)
  await hook.getByRole('dialog').locator('button[type=submit]').click()
  const made = await until('the webhook is made', async () => (await api('GET', '/api/webhooks')).items.find((each) => each.url.endsWith('/kept')))
  await api('PATCH', `/api/webhooks/${made.id}`, { status: 'disabled' })
  await batch.getByRole('button', { name: /Check|Try again/ }).first().click()
  await batch.getByText('What would happen').waitFor()
  for (const { context, problems, path } of tabs) {
    assert.deepEqual(problems.filter((problem) => problem.startsWith('error') && !/Failed to load resource|WebSocket|ERR_/.test(problem)), [], `${path}: no error besides those of the network`)
    await context.close()
  }
}
