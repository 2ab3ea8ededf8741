// Templates: found, written, seen as receivers will see them, saved, compared, rolled back, tried out; mistakes at their place; what
// is typed in is never run; the visual editor, which asks no other host for anything.
const HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

async function type(page, editor, text) {
  await editor.click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(text)
}

export default async function ({ page, base, api, assert, until, settle }) {
  const name = `e2e_${Date.now()}`
  const find = async (wanted) => (await api('GET', '/api/messages/templates?limit=200')).items.find((each) => each.name === wanted)
  const code = (label) => page.getByRole('textbox', { name: label, exact: true })

  // A new one, from its channel.
  await page.goto(`${base}/templates`)
  await settle(page)
  await page.getByRole('button', { name: 'New template' }).first().click()
  await page.getByRole('button', { name: /^SMS/ }).click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.locator('.code-editor .cm-editor').first().waitFor()
  await page.locator('.bubble').getByText('482913').waitFor()
  const row = (set) => page.locator('.figures tbody tr').filter({ hasText: set })
  await row('Longest').waitFor()
  assert.match(await row('Typical').innerText(), /GSM-7\s+1/)

  // One sign outside GSM turns the whole message; what is not declared is marked and can be declared by a click.
  await type(page, code('Content'), '您的验证码 {{ code }} {{ nickname }}')
  await row('Typical').getByText('UCS-2').waitFor({ state: 'detached' }).catch(() => undefined)
  await page.locator('.bubble mark.missing', { hasText: 'nickname' }).waitFor()
  await page.getByRole('button', { name: /^Variables/ }).click()
  await page.getByRole('button', { name: 'nickname' }).click()
  const rows = page.locator('.variable')
  await rows.last().getByLabel('Sample').fill('阿强')
  await page.locator('.bubble').getByText('阿强').waitFor()
  assert.match(await row('Typical').innerText(), /UCS-2/)
  const unused = rows.filter({ hasText: 'not used' })
  await unused.getByRole('button', { name: /^Remove/ }).click()

  // A mistake is shown where it is.
  await page.getByRole('button', { name: /^Content/ }).click()
  await type(page, code('Content'), '第一行\n{{ code | uper }} {{ nickname }}')
  const problem = page.locator('.content-panel .problem', { hasText: "did you mean 'upper'" })
  await problem.getByRole('button', { name: 'Line 2, column 11:' }).waitFor()
  await page.locator('.cm-lintRange-error').waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('alert').filter({ hasText: 'Not saved' }).waitFor()
  assert.equal(await find(name), undefined, 'a wrong template is not stored')

  await type(page, code('Content'), '验证码 {{ code }}，{{ nickname }}')
  await problem.waitFor({ state: 'detached' })
  await page.keyboard.press('Control+s')
  await page.waitForURL(/\/templates\/\d+/)
  const saved = await until('it is saved', () => find(name))
  assert.equal(saved.version, 1)

  // A second version, the difference, and back.
  await type(page, code('Content'), '新的验证码 {{ code }}，{{ nickname }}')
  await page.getByText('Not saved', { exact: true }).waitFor()
  await page.reload()
  await page.getByText('These changes were not saved').waitFor()
  await page.locator('.code-editor .cm-editor').first().waitFor()
  await page.getByLabel('What changes?').fill('Says that it is new')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await until('the second version is there', async () => (await find(name)).version === 2)
  await page.getByRole('button', { name: 'Versions', exact: true }).click()
  await page.locator('.cm-merge-b .cm-changedText').first().waitFor()
  await page.getByRole('button', { name: /^Version 2.*administrator.*Says that it is new/ }).waitFor()
  await page.getByText('saved by administrator').waitFor()
  await page.getByRole('button', { name: /^Version 1/ }).click()
  await page.getByRole('button', { name: 'Roll back to 1' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Roll back to 1' }).click()
  await until('the third is as the first', async () => { const now = await find(name); return now.version === 3 && now.content === saved.content })
  const versions = (await api('GET', `/api/messages/templates/${saved.id}/versions`)).items
  assert.deepEqual(versions.map((each) => [each.created_by, each.comment ?? '']), [['administrator', 'Back to version 1'], ['administrator', 'Says that it is new'], ['administrator', '']])

  // What somebody else saved meanwhile is not run over in silence.
  await page.getByRole('button', { name: 'Content', exact: true }).click()
  await type(page, code('Content'), 'mine {{ code }} {{ nickname }}')
  const theirs = await find(name)
  await api('PUT', `/api/messages/templates/${theirs.id}`, { name, channel: 'sms', content: 'theirs {{ code }} {{ nickname }}', variables: theirs.variables })
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Somebody else saved meanwhile').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  assert.match((await find(name)).content, /^theirs/)
  await page.goto(`${base}/templates/${theirs.id}`)
  await page.getByRole('button', { name: 'Discard them' }).click()

  // To oneself, with its trace.
  await page.getByRole('button', { name: 'Test send' }).click()
  const drawer = page.getByRole('dialog', { name: 'Send a test to yourself' })
  await drawer.getByRole('textbox').fill('13800138000')
  await drawer.getByRole('button', { name: 'Send the test' }).click()
  const link = drawer.getByRole('link', { name: 'Follow it' })
  await link.waitFor()
  const id = new URL(await link.getAttribute('href'), base).searchParams.get('open')
  const message = await until('the test has arrived', async () => { const now = await api('GET', `/api/messages/${id}`); return ['success', 'delivered'].includes(now.status) && now })
  assert.match(message.content, /^\[Test\] theirs 482913 阿强/)
  assert.equal(message.metadata.template, name)
  await page.keyboard.press('Escape')

  await hostile({ page, base, api, assert, settle, name, type, code })
  await visual({ page, base, api, assert, until, settle, name })

  // Found again by its name, and deleted by typing it.
  await page.goto(`${base}/templates?q=${name}`)
  await page.locator('tbody tr').nth(2).waitFor()
  assert.equal(await page.locator('tbody tr').count(), 3)
  await page.goto(`${base}/templates/${theirs.id}`)
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByRole('dialog').getByRole('textbox').fill(name)
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await until('it is gone', async () => (await find(name)) === undefined)
}

/** Scripts and formulas in every field of an e-mail: they are text, wherever they are shown. */
async function hostile({ page, base, api, assert, settle, name, type, code }) {
  const mail = await api('POST', '/api/messages/templates', {
    name: `${name}_hostile`, title: HOSTILE, channel: 'email', subject: `${HOSTILE} =1+1 {{ who }}`, content: `${HOSTILE} {{ who }}`,
    html: `<p>{{ who }} {{ nothing }}</p>${HOSTILE}<iframe src="https://outside.invalid/frame"></iframe><img src="https://outside.invalid/pixel.png"><link rel="stylesheet" href="https://outside.invalid/a.css"><style>@import url(https://outside.invalid/b.css)</style><a href="javascript:window.hacked=1">x</a><form action="https://outside.invalid"><button>go</button></form>`,
    variables: [{ name: 'who', sample: HOSTILE, description: HOSTILE }, { name: 'nothing', description: '' }],
  })
  const outside = []
  const note = (request) => { if (request.url().includes('outside.invalid')) outside.push(request.url()) }
  page.on('request', note)
  await page.goto(`${base}/templates/${mail.id}`)
  const frame = page.frameLocator('iframe[sandbox=""]')
  await frame.locator('mark', { hasText: 'nothing' }).waitFor()
  assert.ok((await frame.locator('p').first().innerText()).includes('<img src=x'), 'the value is shown as it is')
  assert.equal(await frame.locator('script, iframe, link, [onerror], form[action]').count(), 0)
  for (const view of ['800 px', 'Phone', 'Text', 'Check']) await page.locator('.mail .segments label', { hasText: view }).click()
  await page.getByText('Scripts and event attributes').waitFor()
  for (const tab of ['Variables', 'Advanced', 'Versions']) { await page.getByRole('button', { name: new RegExp(`^${tab}`) }).click(); await settle(page) }
  await page.goto(`${base}/templates/${mail.id}/visual`)
  await page.locator('.gjs-block').first().waitFor()
  await page.frameLocator('.gjs-frame').getByText('{{ who }}').first().waitFor()
  await page.goto(`${base}/templates`)
  await settle(page)
  assert.equal(await page.evaluate(() => window.hacked), undefined)
  page.off('request', note)
  assert.deepEqual(outside, [], 'nothing is asked of another host')
}

/** Blocks, a variable at the cursor, MJML to HTML and text, the layout stored and read again; nothing from outside. */
async function visual({ page, base, api, assert, until, name }) {
  const made = await api('POST', '/api/messages/templates', { name: `${name}_visual`, channel: 'email', subject: 'Hello {{ customer_name }}', content: 'Hello {{ customer_name }}', variables: [{ name: 'customer_name', sample: 'Ann' }, { name: 'n', type: 'integer', sample: '2' }] })
  const outside = []
  const note = (request) => { if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== new URL(base).origin) outside.push(request.url()) }
  page.on('request', note)
  await page.goto(`${base}/templates/${made.id}/visual`)
  const blocks = page.locator('.gjs-block')
  await blocks.first().waitFor()
  const frame = page.frameLocator('.gjs-frame')
  await frame.getByText('Hello {{ customer_name }}').waitFor()
  assert.equal(await page.locator('.gjs-frame').getAttribute('title'), 'The e-mail')

  // Every block can be put in by the keyboard alone.
  const count = await blocks.count()
  assert.ok(count >= 12, `${count} blocks`)
  for (let at = 0; at < count; at += 1) {
    await blocks.nth(at).focus()
    await page.keyboard.press('Enter')
  }
  const headline = frame.getByText('A headline').first()
  await headline.dblclick()
  await page.keyboard.press('Control+A')
  await page.keyboard.type('For ')
  await page.locator('.tokens .chip', { hasText: 'customer_name' }).click()
  await page.keyboard.type(' {% if n < 3 %}few{% else %}many & more{% endif %} {{ customer_name | default("you") }}')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Phone' }).click()
  await page.getByRole('button', { name: 'Use this' }).click()
  await page.waitForURL(new RegExp(`/templates/${made.id}$`))
  await page.frameLocator('iframe[sandbox=""]').getByText('For Ann few Ann').waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  const saved = await until('it is saved', async () => { const now = await api('GET', `/api/messages/templates/${made.id}`); return now.version === 2 && now })
  assert.match(saved.html, /\{% if n < 3 %\}few\{% else %\}many &amp; more\{% endif %\} \{\{ customer_name \| default\("you"\) \}\}/)
  assert.match(saved.content, /For \{\{ customer_name \}\} \{% if n < 3 %\}few/)
  const hosts = [...saved.html.matchAll(/(?:src|href|url\()=?["']?(https?:\/\/[^"')/]+)/g)].map((match) => match[1])
  assert.deepEqual([...new Set(hosts)], ['https://example.com'], 'the e-mail itself names no host that its author did not')
  assert.match(JSON.parse(saved.design).mjml, /<mj-section/)

  // The layout comes back as it was.
  await page.goto(`${base}/templates/${made.id}/visual`)
  await frame.getByText('{% if n < 3 %}few').waitFor()
  page.off('request', note)
  assert.deepEqual(outside, [], 'nothing is asked of another host')
}
