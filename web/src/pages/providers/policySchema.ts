// The fields of an account's policy, for its form; the server checks them and has the last word.
import type { JsonSchema } from '@/ui/schemaForm'

const whole = (minimum: number, maximum: number): JsonSchema => ({ type: ['integer', 'null'], minimum, maximum })
const real: JsonSchema = { type: ['number', 'null'], minimum: 0 }

export const POLICY_SCHEMA: JsonSchema = {
  type: 'object',
  properties: {
    max_in_flight: whole(1, 100_000), min_in_flight: whole(1, 100_000), rate_per_second: real, burst: whole(1, 100_000), slow_factor: real,
    breaker_window_seconds: whole(1, 3_600), breaker_min_calls: whole(1, 100_000), breaker_error_ratio: real, breaker_slow_ratio: real, breaker_slow_ms: whole(1, 600_000), breaker_open_ms: whole(1, 3_600_000), breaker_probes: whole(1, 1_000),
  },
}
