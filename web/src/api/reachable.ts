// Who could not reach the server waits here; the next answer of the server, whoever asked, wakes all of them.
const waiting = new Set<() => void>()

/** Runs once as soon as the server has answered again; gives the way to call it off. */
export function onceReachable(run: () => void): () => void {
  const mine = () => run()
  waiting.add(mine)
  return () => { waiting.delete(mine) }
}

/** The server has answered. */
export function noteReachable(): void {
  if (!waiting.size) return
  const woken = [...waiting]
  waiting.clear()
  for (const run of woken) run()
}
