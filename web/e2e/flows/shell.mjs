// Login, wrong keys, the way back, languages and themes at run time, keyboard, and a server that goes away and comes back.
export default async function ({ page, base, key, assert, until, openPage, restartable, start, end }) {
  const guest = await openPage({ key: '' })
  const visitor = guest.page
  await visitor.goto(`${base}/monitor?view=stream`)
  await visitor.waitForURL(/\/login\?back=/)
  await visitor.click('form button[type=submit]')
  await visitor.getByText('Paste a key first.').waitFor()
  await visitor.fill('#key', `hy_${'0'.repeat(40)}`)
  await visitor.keyboard.press('Enter')
  await visitor.getByText('does not know this key').waitFor()
  assert.equal(await visitor.evaluate(() => sessionStorage.length), 0, 'nothing of a wrong key is kept')
  await visitor.fill('#key', `  ${key} `)
  await visitor.keyboard.press('Enter')
  await visitor.waitForURL(/\/monitor\?view=stream$/)
  assert.equal(await visitor.evaluate(() => localStorage.getItem('hongyan.key')), null, 'not remembered unless asked to')
  await guest.context.close()

  // No key, no way to another site.
  const tricked = await openPage({ key: '' })
  await tricked.page.goto(`${base}/login?back=//evil.example/`)
  await tricked.page.fill('#key', key)
  await tricked.page.keyboard.press('Enter')
  await tricked.page.waitForURL(`${base}/`)
  await tricked.context.close()

  await page.goto(base)
  await page.getByRole('button', { name: 'Live', exact: true }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('m')
  await page.waitForURL(/\/monitor$/)
  await page.waitForSelector('.figure')

  await page.click('.language')
  await page.getByRole('heading', { level: 1, name: '监控大屏' }).waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN')
  assert.match(await page.title(), /监控大屏/)
  await page.click('.language')
  await page.getByRole('heading', { level: 1, name: 'Monitor' }).waitFor()

  await page.keyboard.press('Control+k')
  const search = page.getByRole('combobox')
  await search.waitFor()
  await search.fill('over')
  await page.keyboard.press('Enter')
  await page.waitForURL(`${base}/`)
  await page.keyboard.press('/')
  await search.waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('combobox').waitFor({ state: 'detached' })
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await page.keyboard.press('Escape')

  // Each theme is what the switch says.
  await page.getByRole('button', { name: /Theme: light/ }).click()
  assert.equal(await page.evaluate(() => document.documentElement.classList.contains('dark')), true)
  await page.getByRole('button', { name: /Theme: dark/ }).click()

  // A drawing of each chart has a table that says the same.
  await page.goto(`${base}/monitor`)
  await page.waitForSelector('.chart canvas')
  await page.locator('.area-trend .twin').click()
  assert.equal(await page.locator('.area-trend tbody tr').count(), 7)

  if (restartable) {
    await end()
    await page.getByText('cannot be reached').first().waitFor()
    await start()
    await page.getByRole('button', { name: 'Try now' }).click({ timeout: 3_000 }).catch(() => undefined)
    await until('the page is live again', () => page.getByRole('button', { name: 'Live', exact: true }).isVisible(), 40)
  }

  await page.getByRole('button', { name: 'default' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL(/\/login/)
  assert.equal(await page.evaluate(() => sessionStorage.getItem('hongyan.key')), null)
}
