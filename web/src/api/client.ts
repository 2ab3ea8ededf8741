// The one way to the server: a typed client with the key, a time limit, and every failure as an ApiProblem.
import createClient, { type Client } from 'openapi-fetch'
import { ApiProblem, problemFromResponse, problemFromUnknown, isAbort } from './problem'
import { noteReachable } from './reachable'
import type { paths } from './schema'

export type ApiClient = Client<paths>

export const REQUEST_SECONDS = 20

interface ClientOptions {
  key: () => string | undefined
  /** Called when the server says that the key is not (or no longer) valid. */
  unauthorized: () => void
  fetch?: typeof fetch
}

export function createApiClient(options: ClientOptions): ApiClient {
  const send = options.fetch ?? ((request: RequestInfo | URL, init?: RequestInit) => fetch(request, init))
  const client = createClient<paths>({
    baseUrl: location.origin,
    fetch: async (request: Request) => {
      const signal = AbortSignal.any?.([request.signal, AbortSignal.timeout(REQUEST_SECONDS * 1000)]) ?? request.signal
      try {
        const response = await send(request, { signal })
        noteReachable()
        return response
      } catch (error) {
        throw isAbort(error) ? error : problemFromUnknown(error)
      }
    },
  })
  client.use({
    onRequest({ request }) {
      const key = options.key()
      if (key && !request.headers.has('Authorization')) request.headers.set('Authorization', `Bearer ${key}`)
      return request
    },
    async onResponse({ response }) {
      if (response.ok) return undefined
      if (response.status === 401) options.unauthorized()
      throw await problemFromResponse(response)
    },
  })
  return client
}

/** The body of a reply: `const page = await body(api.GET('/api/messages', {…}))`. Failures are thrown as ApiProblem. */
export async function body<Data>(reply: Promise<{ data?: Data; response: Response }>): Promise<Data> {
  const { data, response } = await reply
  if (data === undefined && response.status !== 204 && response.headers.get('Content-Length') !== '0') {
    throw new ApiProblem('server', response.status, 'the reply has no body')
  }
  return data as Data
}
