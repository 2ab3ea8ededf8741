#include "engine/redis/limiter_quota.hpp"

namespace hongyan::redis {
namespace {

// Both scripts answer {held, free, others hungry, nodes, ms until something gets free, the node was
// unknown, total}. What a node holds and until when stands in the hash KEYS[1], one field for each
// node. Whoever has been refused says that it is hungry; then the others give back what they do not
// need, and what is free is divided among the hungry; who was given something longest ago goes
// first.

// KEYS: nodes (hash; "#sum" is the ledger's sum), ledger (list of "end of bucket:count").
// ARGV: node, limit, span ms, lease ms, used since its start, wanted, hungry, seed, seed also if
// known, now ms or 0
constexpr const char* permits_text = R"lua(
local state, ledger, node = KEYS[1], KEYS[2], ARGV[1]
local limit, span, lease = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local used_total, wanted, hungry = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == '1'
local seed, now = tonumber(ARGV[8]), tonumber(ARGV[10])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local function whole(number) return string.format('%.0f', number) end
local function parse(entry)
  local at, count = string.match(entry, '^(%d+):(%d+)$')
  return tonumber(at), tonumber(count)
end
local bucket = math.max(1, math.ceil(span / 100))
local sum = tonumber(redis.call('HGET', state, '#sum') or '0')
-- What has left the span; and what lies ahead of a clock that was set back, after one span.
for i = 1, 1000 do
  local first = redis.call('LINDEX', ledger, 0)
  if not first then sum = 0 break end
  local at, count = parse(first)
  if at + span > now and at <= now + span + bucket then break end
  redis.call('LPOP', ledger)
  sum = sum - count
end
local function add(count)
  if count <= 0 then return end
  sum = sum + count
  local at = (math.floor(now / bucket) + 1) * bucket
  local tail = redis.call('LINDEX', ledger, -1)
  if tail then
    local tail_at, tail_count = parse(tail)
    if tail_at >= at then
      redis.call('LSET', ledger, -1, whole(tail_at) .. ':' .. whole(tail_count + count))
      return
    end
  end
  redis.call('RPUSH', ledger, whole(at) .. ':' .. whole(count))
end
local held, used_before, others_held, others_hungry, nodes = nil, 0, 0, 0, 1
local given_at, longer_hungry, hungry_since = 0, 0, {}
local all = redis.call('HGETALL', state)
for i = 1, #all, 2 do
  if all[i] ~= '#sum' then
    local has, used, ends, hungry_until, given =
      string.match(all[i + 1], '^(%d+):(%d+):(%d+):(%d+):(%d+)$')
    has = tonumber(has)
    if now > tonumber(ends) then  -- it may have used all of it, and is not heard of
      add(has)
      redis.call('HDEL', state, all[i])
    elseif all[i] == node then
      held, used_before, given_at = has, tonumber(used), tonumber(given)
    else
      others_held = others_held + has
      nodes = nodes + 1
      if tonumber(hungry_until) > now then
        others_hungry = others_hungry + 1
        hungry_since[others_hungry] = tonumber(given)
      end
    end
  end
end
for i = 1, others_hungry do
  if hungry_since[i] < given_at then longer_hungry = longer_hungry + 1 end
end
local fresh = 0
if not held then
  fresh, held = 1, 0
  add(seed)
else
  local used = math.max(0, used_total - used_before)
  add(used)
  held = math.max(0, held - used)
  if ARGV[9] == '1' then add(seed) end
end
local free = limit - sum - others_held - held
if wanted < held then
  free = free + held - wanted
  held = wanted
elseif free > 0 and (hungry or others_hungry == 0) then
  local most = free
  if others_hungry > 0 then
    most = math.max(0, math.min(math.ceil(free / (1 + others_hungry)), free - longer_hungry))
  end
  local given = math.min(wanted - held, most)
  if given > 0 then given_at = now end
  held, free = held + given, free - given
end
local hungry_until = 0
if hungry then hungry_until = now + 500 end
redis.call('HSET', state, '#sum', whole(sum), node, whole(held) .. ':' .. whole(used_total) .. ':' ..
           whole(now + lease + 1) .. ':' .. whole(hungry_until) .. ':' .. whole(given_at))
redis.call('PEXPIRE', state, span + lease + 60000)
redis.call('PEXPIRE', ledger, span + lease + 60000)
local full = 0
if free <= 0 then
  local first = redis.call('LINDEX', ledger, 0)
  if first then full = math.max(1, parse(first) + span - now) end
end
return {held, math.max(0, free), others_hungry, nodes, full, fresh, sum}
)lua";

// KEYS: nodes (hash). ARGV: node, limit, lease ms, base (cannot be given back), wanted, hungry, now
// ms or 0
constexpr const char* places_text = R"lua(
local state, node = KEYS[1], ARGV[1]
local limit, lease, base = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local wanted, hungry, now = tonumber(ARGV[5]), ARGV[6] == '1', tonumber(ARGV[7])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local function whole(number) return string.format('%.0f', number) end
local held, others_held, others_hungry, nodes = nil, 0, 0, 1
local given_at, longer_hungry, hungry_since = 0, 0, {}
local all = redis.call('HGETALL', state)
for i = 1, #all, 2 do
  local has, ends, hungry_until, given = string.match(all[i + 1], '^(%d+):(%d+):(%d+):(%d+)$')
  if now > tonumber(ends) then  -- the requests of a dead node ended with it
    redis.call('HDEL', state, all[i])
  elseif all[i] == node then
    held, given_at = tonumber(has), tonumber(given)
  else
    others_held = others_held + tonumber(has)
    nodes = nodes + 1
    if tonumber(hungry_until) > now then
      others_hungry = others_hungry + 1
      hungry_since[others_hungry] = tonumber(given)
    end
  end
end
for i = 1, others_hungry do
  if hungry_since[i] < given_at then longer_hungry = longer_hungry + 1 end
end
local fresh = 0
if not held then fresh, held = 1, base end
held = math.max(held, base)
wanted = math.max(wanted, base)
local free = limit - others_held - held
if wanted < held then
  free = free + held - wanted
  held = wanted
elseif free > 0 and (hungry or others_hungry == 0) then
  local most = free
  if others_hungry > 0 then
    most = math.max(0, math.min(math.ceil(free / (1 + others_hungry)), free - longer_hungry))
  end
  local given = math.min(wanted - held, most)
  if given > 0 then given_at = now end
  held, free = held + given, free - given
end
local hungry_until = 0
if hungry then hungry_until = now + 500 end
redis.call('HSET', state, node, whole(held) .. ':' .. whole(now + lease + 1) .. ':' ..
           whole(hungry_until) .. ':' .. whole(given_at))
redis.call('PEXPIRE', state, lease + 60000)
return {held, math.max(0, free), others_hungry, nodes, 0, fresh, others_held + held}
)lua";

}  // namespace

const Script& permits_script() {
    static const Script script(permits_text);
    return script;
}

const Script& places_script() {
    static const Script script(places_text);
    return script;
}

}  // namespace hongyan::redis
