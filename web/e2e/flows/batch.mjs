// A file of recipients dropped on the page: found columns, a dry run with its counts, the problems as a file, the sending, its end.
export default async function ({ page, base, api, assert, until, settle }) {
  const template = (await api('GET', '/api/messages/templates?limit=50')).items.find((each) => each.name === 'order_shipped')
  await page.goto(`${base}/batch?template=${template.id ?? template.template_id}`)
  await settle(page)
  const rows = ['手机号;order_no;customer_name;delivery_days', ...Array.from({ length: 60 }, (_, n) => `139000000${String(n).padStart(2, '0')};S${n};=cmd|' /C calc'!A0;3`), ';S;x;3', '13900000099;S99;Lin;soon']
  await page.setInputFiles('input[type=file]', { name: 'customers.csv', mimeType: 'text/csv', buffer: Buffer.from('\uFEFF' + rows.join('\r\n')) })
  await page.getByText('62 rows, 4 columns').waitFor()
  assert.equal(await page.getByLabel('Delimiter').inputValue(), ';')
  assert.equal(await page.getByLabel(/^Recipient/).first().inputValue(), '手机号')
  await page.getByRole('button', { name: /Check/ }).click()
  await page.getByText('What would happen').waitFor()
  assert.equal((await page.locator('[data-kind="valid"] strong').innerText()).trim(), '60')
  assert.equal((await page.locator('[data-kind="invalid"] strong').innerText()).trim(), '2')
  assert.equal((await api('GET', '/api/messages/tasks?limit=1')).items.some((task) => task.name === 'customers.csv'), false, 'a dry run stores nothing')

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /as CSV/ }).click()])
  const stream = await download.createReadStream()
  let text = ''
  for await (const part of stream) text += part
  assert.equal(text.trim().split('\r\n').length, 3, text)

  await page.getByRole('button', { name: 'Send 60 messages' }).click()
  await page.getByRole('button', { name: 'Send', exact: true }).last().click()
  await page.getByText(/^Done: /).waitFor()
  const task = (await api('GET', '/api/messages/tasks?limit=1')).items[0]
  assert.equal(task.total_count, 60)
  await page.goto(`${base}/tasks?open=${task.task_id}`)
  await until('the task has ended', async () => (await api('GET', `/api/messages/tasks/${task.task_id}`)).pending_count === 0)
  await page.getByRole('dialog').getByText('100%').first().waitFor()
}
