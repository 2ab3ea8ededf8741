// A few test messages a minute are enough for anybody; more is a mistake or somebody's phone being teased.
export const TESTS_PER_MINUTE = 5
const NAME = 'hongyan.tests'

export function makeLimit(storage: Storage, now: () => number = Date.now) {
  function recent(): number[] {
    try {
      const times: unknown = JSON.parse(storage.getItem(NAME) ?? '[]')
      return Array.isArray(times) ? times.filter((time): time is number => typeof time === 'number' && time <= now() && now() - time < 60_000) : []
    } catch {
      return []
    }
  }
  return {
    /** 0 if one may be sent now. */
    secondsToWait(): number {
      const times = recent()
      return times.length < TESTS_PER_MINUTE ? 0 : Math.ceil((60_000 - (now() - Math.min(...times))) / 1_000)
    },
    note(): void { storage.setItem(NAME, JSON.stringify([...recent(), now()])) },
  }
}
