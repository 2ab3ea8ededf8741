// Runs before the first paint, so that a dark page never flashes white: puts theme and language on the root element.
;(function () {
  var read = function (name) {
    try { return localStorage.getItem(name) } catch { return null }
  }
  var theme = read('hongyan.theme')
  var dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  if (/[?&]screen=1/.test(location.search)) dark = true
  document.documentElement.classList.toggle('dark', dark)
  var language = read('hongyan.language') || (/^zh/i.test(navigator.language) ? 'zh' : 'en')
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
})()
