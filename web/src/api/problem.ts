// What can go wrong between the console and the server, as one type that pages can show.
import { i18n } from '@/i18n'
import type { components } from './schema'

export type ProblemBody = components['schemas']['Problem']
export type ProblemKind = 'offline' | 'timeout' | 'unauthorized' | 'forbidden' | 'not_found' | 'invalid' | 'busy' | 'server'

const KIND_BY_STATUS: Record<number, ProblemKind> = {
  400: 'invalid', 401: 'unauthorized', 403: 'forbidden', 404: 'not_found', 409: 'invalid', 413: 'invalid', 422: 'invalid', 429: 'busy', 503: 'busy',
}

export class ApiProblem extends Error {
  constructor(
    readonly kind: ProblemKind,
    readonly status: number,
    detail: string,
    readonly body?: ProblemBody,
    readonly retryAfterSeconds?: number,
  ) {
    super(detail)
    this.name = 'ApiProblem'
  }

  /** The problem of one field, by the path in the request body ("recipient", "settings.host"). */
  field(path: string): string | undefined {
    return this.body?.errors?.find((error) => error.path === path || error.path.endsWith(`.${path}`))?.detail
  }
}

export async function problemFromResponse(response: Response): Promise<ApiProblem> {
  const body = await response.clone().json().catch(() => undefined) as ProblemBody | undefined
  const retry = Number(response.headers.get('Retry-After'))
  return new ApiProblem(
    KIND_BY_STATUS[response.status] ?? 'server',
    response.status,
    body?.detail ?? `HTTP ${response.status} ${response.statusText}`.trim(),
    body,
    Number.isFinite(retry) && retry > 0 ? retry : undefined,
  )
}

export function problemFromUnknown(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  const name = (error as { name?: string } | null)?.name
  if (name === 'TimeoutError') return new ApiProblem('timeout', 0, i18n.global.t('common.state.timeout'))
  if (error instanceof TypeError) return new ApiProblem('offline', 0, i18n.global.t('common.state.offline.title'))
  return new ApiProblem('server', 0, error instanceof Error ? error.message : String(error))
}

export function isAbort(error: unknown): boolean {
  return (error as { name?: string } | null)?.name === 'AbortError'
}
