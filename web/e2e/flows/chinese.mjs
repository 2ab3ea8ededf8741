// The console in Chinese shows no English sentence where the server speaks: messages that failed, why they did, a form's error,
// the history of a pool, the fields of every provider. Three Latin words in a row outside of code are a sentence. And the
// language switches at run time, with the server's own words as the title.
// The sandbox gives a recipient with such a name this fate.
const FATES = ['fail-permanent', 'fail-transient', 'fail-unknown']

/** Sentences in English that can be read on the page; code, what was typed, and names of values are not looked at. */
function englishOn(page, within = 'body') {
  return page.evaluate((within) => {
    const SENTENCE = /[A-Za-z][A-Za-z'’]+(?: [A-Za-z][A-Za-z'’]*){2,}/
    const found = new Set()
    for (const root of document.querySelectorAll(within)) {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
      while (walker.nextNode()) {
        const { parentElement: parent, textContent: text } = walker.currentNode
        if (!SENTENCE.test(text) || parent.closest('code, pre, kbd, .mono, .value, script, style, textarea, svg, blockquote, iframe')) continue
        if (parent.checkVisibility({ visibilityProperty: true })) found.add(text.trim().slice(0, 160))
      }
    }
    return [...found]
  }, within)
}

export default async function ({ base, api, assert, until, settle, openPage }) {
  const { page, context, problems } = await openPage({ language: 'zh' })
  const nothingEnglish = async (what, within) => {
    // The catalogue comes with the first text; until then that keeps its place, unseen.
    await page.waitForFunction(() => !document.querySelector('.coming'))
    assert.deepEqual(await englishOn(page, within), [], what)
  }
  const goTo = async (path) => { await page.goto(base + path); await settle(page) }

  // The detector sees what it is for.
  await page.setContent('<p>HTTP 503 Retry-After</p><p>已受理 sms</p><code>must be one line</code>')
  assert.deepEqual(await englishOn(page), [], 'names and figures are no sentence')
  await page.setContent('<p>the provider could not be reached</p><code>must be one line</code>')
  assert.deepEqual(await englishOn(page), ['the provider could not be reached'])

  // Messages of every fate, and one that was cancelled.
  const outcome = (await api('GET', '/api/outcomes')).items.find((each) => each.outcome === 'transient')
  await api('PATCH', '/api/outcomes/transient', { action: 'retry', attempts: 1 })
  const ids = []
  for (const fate of FATES) ids.push((await api('POST', '/api/messages/send', { channel: 'email', recipient: `${fate}@example.com`, subject: '订单', content: '您的订单已发货。' })).message_id)
  const later = (await api('POST', '/api/messages/send', { channel: 'sms', recipient: '13800138009', content: '稍后', delay_seconds: 86_400 })).message_id
  await api('POST', `/api/messages/${later}/cancel`)
  await until('the messages have failed, or wait for another attempt', async () => {
    const all = await Promise.all(ids.map((id) => api('GET', `/api/messages/${id}`)))
    return all[0].status === 'failed' && all[1].status === 'failed' && all[2].reason
  })
  await api('PATCH', '/api/outcomes/transient', { action: outcome.action, attempts: outcome.attempts })
  assert.match((await api('GET', `/api/messages/${ids[1]}`)).reason, /^gave up after 1 attempts; transient/)
  for (const id of [...ids, later]) {
    await goTo(`/messages?open=${id}`)
    const dialog = page.getByRole('dialog')
    await dialog.locator('.why li').first().waitFor()
    await page.locator('.why details summary').evaluateAll((all) => all.forEach((each) => each.click()))
    await nothingEnglish(`the drawer of ${id}`)
  }
  // The original is there for who talks to support, and is what is shown as soon as the language is English.
  await goTo(`/messages?open=${ids[0]}`)
  const reason = page.getByRole('dialog').locator('.reason span')
  const { reason: original } = await api('GET', `/api/messages/${ids[0]}`)
  assert.match(await reason.innerText(), /[\u4e00-\u9fff]/)
  assert.equal(await reason.getAttribute('title'), original)
  for (const path of ['/', '/monitor', '/messages', '/dead-letters', '/tasks', '/webhooks', '/settings?tab=server', '/settings?tab=outcomes']) {
    await goTo(path)
    await nothingEnglish(path, 'main')
  }

  // A pool that was made larger tells why; what cannot be is refused in Chinese.
  const pools = (await api('GET', '/api/pools')).items
  const pool = pools.find((each) => each.pool_name === 'notifier')
  await api('PATCH', `/api/pools/${pool.id}`, { core_pool_size: pool.core_pool_size + 1, max_pool_size: Math.max(pool.max_pool_size, pool.core_pool_size + 1) })
  await until('the pool has grown', async () => (await api('GET', '/api/pools')).items.find((each) => each.id === pool.id).changes?.length)
  await goTo('/nodes')
  await nothingEnglish('the only node')

  await goTo('/pools')
  await page.locator('.history li').first().waitFor()
  await page.locator('section[aria-label="notifier"]').getByRole('button', { name: '编辑' }).click()
  await page.locator('section[aria-label="notifier"]').getByLabel('最小线程数').fill('9999')
  await page.locator('section[aria-label="notifier"]').getByRole('button', { name: '保存' }).click()
  await page.getByRole('alert').first().waitFor()
  await nothingEnglish('/pools', 'main')
  await api('PATCH', `/api/pools/${pool.id}`, { core_pool_size: pool.core_pool_size, max_pool_size: pool.max_pool_size })

  await page.getByRole('button', { name: '添加规则' }).click()
  const rule = page.getByRole('dialog')
  await rule.getByLabel('资源').fill('two words')
  await rule.getByRole('button', { name: '保存' }).click()
  await rule.getByRole('alert').first().waitFor()
  await nothingEnglish('a limit with a mistake', '[role=dialog]')

  await goTo('/templates/new?channel=sms')
  await page.locator('.cm-content').first().click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText('您好 {{ code.x }} {{ missing | upcase }} {% if code %}')
  await page.locator('p.problem').first().waitFor()
  await nothingEnglish('a template with mistakes', 'main')

  await goTo('/send?channel=sms')
  await page.getByLabel('收件人').first().fill('not a number')
  await page.getByLabel('内容').first().fill('您好')
  await page.getByRole('button', { name: '发送', exact: true }).click()
  await page.getByRole('alert').first().waitFor()
  await nothingEnglish('a wrong recipient', 'main')

  // The fields of every provider.
  await goTo('/providers?open=new')
  const dialog = page.getByRole('dialog')
  const choice = dialog.locator('select').first()
  const providers = await choice.locator('option').evaluateAll((all) => all.map((each) => each.value).filter(Boolean))
  assert.ok(providers.length > 10, 'providers')
  for (const provider of providers) {
    await choice.selectOption(provider)
    await page.locator('details summary').evaluateAll((all) => all.forEach((each) => { each.parentElement.open = true }))
    await dialog.locator('.form > .link-button[aria-expanded=false]').evaluateAll((all) => all.forEach((each) => each.click()))
    await page.waitForFunction(() => !document.querySelector('[role=dialog] .form > .link-button[aria-expanded=false]'))
    await nothingEnglish(`the form of ${provider}`, '[role=dialog]')
  }

  // At run time, without another load of the page: the setting's description, and back.
  await goTo('/settings?tab=browser')
  await page.evaluate(() => { window.isTheSamePage = true })
  const described = (await api('GET', '/api/settings')).items.find((each) => each.name === 'listen') ?? (await api('GET', '/api/settings')).items[0]
  const cell = page.locator('tr', { has: page.locator('code', { hasText: new RegExp(`^${described.name.replace('.', '\\.')}$`) }) }).last()
  for (const [language, tab, isChinese] of [['English', 'Server', false], ['中文', '服务器', true]]) {
    await page.getByText(language, { exact: true }).last().click()
    await page.getByText(tab, { exact: true }).first().click()
    await until(`the description is there, ${language}`, async () => {
      const text = await cell.innerText().catch(() => '')
      return isChinese ? /[\u4e00-\u9fff]/.test(text) && !text.includes(described.description) : text.includes(described.description)
    })
    if (!isChinese) await page.getByText('This browser', { exact: true }).click()
  }
  assert.equal(await page.evaluate(() => window.isTheSamePage), true)

  for (const problem of new Set(problems)) assert.ok(!/outside request|^error: (?!Failed to load resource)/.test(problem), problem)
  await context.close()
}
