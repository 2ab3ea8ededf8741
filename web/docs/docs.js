// Swagger UI on this server's own description, with the console's theme and language. It asks nobody else: the badge of the
// validator is off. A key that the console has in this tab is filled in.
const words = {
  en: { console: 'Console', monitor: 'Monitor', language: '中文', light: 'Light', dark: 'Dark', title: 'API · Hongyan', hint: '“Authorize” takes an API key; “Try it out” then sends real requests to this server.' },
  zh: { console: '控制台', monitor: '监控大屏', language: 'English', light: '浅色', dark: '深色', title: '接口文档 · 鸿雁', hint: '在“Authorize”中填入 API 密钥后，“Try it out”会向本服务器发送真实请求。' },
}
const root = document.documentElement

function read(store, name) {
  try { return store.getItem(name) } catch { return null }
}
function keep(name, value) {
  try { localStorage.setItem(name, value) } catch { /* not allowed: it lasts as long as the page */ }
}

function show() {
  const language = root.lang.startsWith('zh') ? 'zh' : 'en'
  const dark = root.classList.contains('dark')
  for (const element of document.querySelectorAll('[data-word]')) element.textContent = words[language][element.dataset.word]
  document.title = words[language].title
  document.getElementById('language').textContent = words[language].language
  document.getElementById('theme').textContent = words[language][dark ? 'light' : 'dark']
  root.classList.toggle('dark-mode', dark)
}

document.getElementById('language').addEventListener('click', () => {
  const next = root.lang.startsWith('zh') ? 'en' : 'zh'
  root.lang = next === 'zh' ? 'zh-CN' : 'en-GB'
  keep('hongyan.language', next)
  show()
})
document.getElementById('theme').addEventListener('click', () => {
  keep('hongyan.theme', root.classList.toggle('dark') ? 'dark' : 'light')
  show()
})
show()

const interface_ = window.SwaggerUIBundle({
  url: '/openapi.json',
  domNode: document.getElementById('swagger'),
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  requestSnippetsEnabled: true,
  syntaxHighlight: { activated: true, theme: 'agate' },
  tryItOutEnabled: true,
  validatorUrl: null,
  onComplete() {
    const key = read(sessionStorage, 'hongyan.key') ?? read(localStorage, 'hongyan.key')
    if (key) interface_.preauthorizeApiKey('key', key)
  },
})
