import { createApp, watch } from 'vue'
import App from './App.vue'
import { body } from './api/client'
import { createLive, provideLive } from './api/live'
import { createSession, provideSession } from './api/session'
import { i18n, loadArea } from './i18n'
import { serverTextsReady } from './i18n/server'
import { makeRouter } from './router'
import { toast } from './ui/feedback'
import { isAbort, problemFromUnknown } from './api/problem'
import './styles/tokens.css'
import './styles/base.css'
import './styles/element.css'
import './styles/forms.css'

const session = createSession()
const live = createLive({
  ticket: async () => (await body(session.api.POST('/api/live/tickets'))).ticket,
  snapshot: () => body(session.api.GET('/api/live/snapshot')),
  socket: (ticket) => new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/live?ticket=${encodeURIComponent(ticket)}`),
})
// A key that may not read has no live connection, and needs no word about it.
watch(session.info, (info) => (info && session.can('read') ? live.start() : live.stop()))

const router = makeRouter(session)
// A key that stops being valid sends everybody to the login page, and back afterwards.
watch(session.loggedIn, (loggedIn) => {
  const { name, meta, fullPath } = router.currentRoute.value
  if (!loggedIn && name !== 'login' && !meta.open) void router.push({ name: 'login', query: { back: fullPath } })
})

const app = createApp(App)
app.config.errorHandler = (error) => {
  if (isAbort(error)) return
  const problem = problemFromUnknown(error)
  console.error(error)
  toast(problem.message || i18n.global.t(`common.state.${problem.kind === 'timeout' ? 'offline' : problem.kind === 'offline' ? 'offline' : 'error'}.title`), 'bad')
}
provideSession(app, session)
provideLive(app, live)
app.use(i18n)
await loadArea('common')
app.use(router)
await router.isReady().catch(() => undefined)
app.mount('#app')
// While the page asks for its data: so that the first reason is there in the right language.
watch([session.loggedIn, () => i18n.global.locale.value], ([loggedIn]) => { if (loggedIn) void serverTextsReady() }, { immediate: true })
