// Where to go after the login.

/** Only paths of this application: never another site, whatever somebody puts into the address. */
export function safeReturn(path: unknown): string {
  return typeof path === 'string' && /^\/(?![/\\])/.test(path) && !path.startsWith('/login') ? path : '/'
}
