// Keys that make sending safe to repeat: the same request keeps its Idempotency-Key until the server has answered it, so that
// a second try after a lost answer sends nothing twice.
import { problemFromUnknown } from './problem'

const newKey = () => `console-${[...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join('')}`
/** Failures after which nobody knows whether the request was carried out. */
const OPEN = ['offline', 'timeout', 'busy', 'server']

export function useOnce() {
  let text = ''
  let key = ''
  return async function once<Reply>(request: unknown, send: (key: string) => Promise<Reply>): Promise<Reply> {
    const now = JSON.stringify(request)
    if (!key || now !== text) [text, key] = [now, newKey()]
    try {
      const reply = await send(key)
      key = ''
      return reply
    } catch (error) {
      const { kind, status } = problemFromUnknown(error)
      // 409: the first try is still being carried out.
      if (!OPEN.includes(kind) && status !== 409) key = ''
      throw error
    }
  }
}
