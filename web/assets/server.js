// The server's API as the monitor uses it: the key of this tab, and one way of asking that tells kinds of failure apart.

const stored = 'hongyan.key';

export const key = {
  get: () => sessionStorage.getItem(stored) ?? '',
  set: (value) => sessionStorage.setItem(stored, value),
  forget: () => sessionStorage.removeItem(stored),
};

/** What went wrong: kind is "refused", "scope", "limited", "missing", "failed" or "lost". */
export class Failure extends Error {
  constructor(kind, status = 0, wait_ms = 0) {
    super(kind);
    this.kind = kind;
    this.status = status;
    this.wait_ms = wait_ms;  ///< how long the server asks to wait
  }
}

const kinds = {401: 'refused', 403: 'scope', 404: 'missing', 429: 'limited', 503: 'limited'};

/** The answer of GET path as JSON; throws a Failure. */
export async function get(path) {
  let answer;
  try {
    answer = await fetch(path, {
      cache: 'no-store',
      headers: {Authorization: `Bearer ${key.get()}`},
      signal: AbortSignal.timeout(8000),
    });
  } catch {
    throw new Failure('lost');
  }
  if (!answer.ok) {
    const wait = Number(answer.headers.get('Retry-After')) * 1000 || 0;
    throw new Failure(kinds[answer.status] ?? 'failed', answer.status, wait);
  }
  try {
    return await answer.json();
  } catch {
    throw new Failure('failed', answer.status);
  }
}
