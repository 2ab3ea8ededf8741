// Search, filter, one message with its way and its reasons, sending it again; dead letters by cause; a batch's progress and brake.
export default async function ({ page, base, api, assert, until, settle }) {
  const { message_id: failedId } = await api('POST', '/api/messages/send', { channel: 'email', recipient: 'fail-permanent@example.com', subject: 'Hello', content: 'Hello' })
  const failed = await until('it has failed', async () => {
    const message = await api('GET', `/api/messages/${failedId}`)
    return message.status === 'failed' && message
  })
  await page.goto(`${base}/messages`)
  await settle(page)
  await page.getByRole('button', { name: /^Failed/ }).click()
  await page.waitForURL(/status=failed/)
  await settle(page)
  const states = await page.locator('tbody td:first-child .tag').allInnerTexts()
  assert.ok(states.length && states.every((word) => word.trim() === 'Failed'), `only failed ones are listed: ${states}`)

  // The address is the state: a reload shows the same, and back goes back.
  await page.reload()
  await settle(page)
  assert.equal(await page.getByRole('button', { name: /^Failed/ }).getAttribute('aria-pressed'), 'true')
  await page.goBack()
  await page.waitForURL((url) => !url.search.includes('status='))

  // Keyboard alone: down to a row, open it, close it.
  await settle(page)
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })

  await page.goto(`${base}/messages?open=${failed.message_id}`)
  await dialog.getByText('Why', { exact: true }).waitFor()
  assert.ok(await dialog.locator('.timeline li').count() >= 2, 'its way has nodes')
  assert.ok(await dialog.locator('.why li').count() >= 2, 'its reasons are there')
  await dialog.getByRole('button', { name: 'Send again' }).click()
  await page.getByRole('dialog', { name: 'Send this message again?' }).getByRole('button', { name: 'Send again' }).click()
  await until('it is tried again', async () => (await api('GET', `/api/messages/${failed.message_id}`)).attempts > failed.attempts)

  // What is typed is searched for, never run.
  await page.goto(`${base}/messages`)
  const box = page.getByPlaceholder('Recipient, id, trace or part of an error')
  await box.fill('<img src=x onerror=alert(1)>')
  await box.press('Enter')
  await page.getByText('Nothing matches').waitFor()
  await page.getByRole('button', { name: 'Clear filters' }).first().click()

  await page.goto(`${base}/dead-letters`)
  await settle(page)
  if (await page.locator('tbody tr').count()) {
    await page.locator('tbody tr').first().getByRole('button', { name: /Send again/ }).click()
    await dialog.getByRole('button', { name: /Count/ }).click()
    await dialog.getByText(/messages fit/).waitFor()
  }
}
