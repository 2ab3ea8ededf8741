// A message is on the screen within a second; from a chart to the message's trace in three clicks; the wall screen; pause.
const MAX_MS = 1_500 // one second for the server and the drawing, and room for a busy machine

export default async function ({ page, base, api, assert, until, settle }) {
  await page.goto(`${base}/monitor`)
  await page.getByRole('button', { name: 'Live', exact: true }).waitFor()
  const total = async () => Number((await page.textContent('.figure[data-kind="sent"] strong')).replace(/\D/g, ''))
  const before = await total()
  const { message_id: id } = await api('POST', '/api/messages/send', { channel: 'sms', recipient: '13900139000', content: 'Straight to the screen' })
  const sent = Date.now()
  await page.locator(`.stream a[href*="${id}"]`).waitFor()
  const took = Date.now() - sent
  assert.ok(took <= MAX_MS, `the message was on the screen after ${took} ms`)
  await until('the total is that of the server', async () => (await total()) > before)

  // By pause the picture stands still, and catches up afterwards.
  await page.getByRole('button', { name: 'Pause' }).first().click()
  const second = await api('POST', '/api/messages/send', { channel: 'sms', recipient: '13900139001', content: 'While it is paused' })
  await page.waitForTimeout(1_500)
  assert.equal(await page.locator(`.stream a[href*="${second.message_id}"]`).count(), 0)
  await page.getByRole('button', { name: 'Go on' }).first().click()
  await page.locator(`.stream a[href*="${second.message_id}"]`).waitFor()

  // Chart → list → trace: the table twin has the same links as the drawing.
  await page.locator('.area-rates .twin').click()
  await page.locator('.area-rates tbody a').first().click()
  await page.waitForURL(/\/messages\?.*channel=/)
  await settle(page)
  await page.locator('tbody tr').first().click()
  await page.waitForURL(/open=\d+/)
  await page.getByRole('dialog').waitFor()

  // A click on the drawing itself does the same.
  await page.goto(`${base}/monitor`)
  await page.waitForSelector('.area-rates canvas')
  await page.waitForTimeout(800)
  const box = await page.locator('.area-rates canvas').first().boundingBox()
  await page.mouse.click(box.x + box.width * 0.45, box.y + box.height * 0.1)
  await page.waitForURL(/\/messages\?.*channel=/)

  for (const [width, height] of [[1366, 768], [1920, 1080], [3840, 2160]]) {
    await page.setViewportSize({ width, height })
    await page.goto(`${base}/monitor?screen=1`)
    await page.waitForSelector('.figure')
    const { over, root } = await page.evaluate(() => ({ over: Math.max(document.scrollingElement.scrollHeight - innerHeight, document.scrollingElement.scrollWidth - innerWidth), root: parseFloat(getComputedStyle(document.documentElement).fontSize) }))
    assert.ok(over <= 1, `the wall screen fits ${width} × ${height}, not ${over} px over`)
    assert.ok(Math.abs(root - (16 * width) / 1920) < 0.4, `it is scaled to ${width}: ${root}`)
    assert.equal(await page.locator('.nav-bar').count(), 0)
    assert.equal(await page.evaluate(() => document.documentElement.classList.contains('dark')), true)
  }
}
