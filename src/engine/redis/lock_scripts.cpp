#include "engine/redis/lock_scripts.hpp"

#include <string>

namespace hongyan::redis {
namespace {

// Every script gets the same keys: the lock (hash: owner, token, holds, request, released), the
// last token, the line (zset: request id by ticket), the deadlines of places in line (hash).
// free_head() drops those from the front of the line who have not asked for too long.
constexpr const char* common = R"lua(
local lock, last, line, places = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local function head()
  for i = 1, 1000 do
    local first = redis.call('ZRANGE', line, 0, 0)[1]
    if not first then return nil end
    local deadline = tonumber(redis.call('HGET', places, first) or '0')
    if deadline > now_ms then return first end
    redis.call('ZREM', line, first)
    redis.call('HDEL', places, first)
  end
  return nil
end
local function whole(number) return string.format('%.0f', number) end
)lua";

Script with_common(const char* text) { return Script(std::string(common) + text); }

}  // namespace

// ARGV: owner, ttl ms, above, request id, kind (0 simple, 1 reentrant), place ttl ms (0 = not in
// line)
const Script& acquire_script() {
    static const Script script = with_common(R"lua(
local owner, ttl, above, request = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local place_ttl = tonumber(ARGV[6])
local held = redis.call('HMGET', lock, 'owner', 'token', 'holds', 'request')
if held[1] == owner and held[4] == request then  -- the answer was lost; this is the same request
  redis.call('PEXPIRE', lock, ttl)
  return {1, held[2], tonumber(held[3])}
end
if held[1] == owner and ARGV[5] == '1' then
  local holds = redis.call('HINCRBY', lock, 'holds', 1)
  redis.call('HSET', lock, 'request', request)
  redis.call('PEXPIRE', lock, math.max(ttl, redis.call('PTTL', lock)))
  return {1, held[2], holds}
end
local first = head()
if not held[1] and (not first or first == request) then
  local token = math.max(tonumber(redis.call('GET', last) or '0') + 1, above + 1,
                         time[1] * 1000000 + time[2])
  redis.call('SET', last, whole(token), 'PX', whole(86400000 + ttl))
  redis.call('HSET', lock, 'owner', owner, 'token', whole(token), 'holds', 1, 'request', request)
  redis.call('PEXPIRE', lock, ttl)
  redis.call('ZREM', line, request)
  redis.call('HDEL', places, request)
  return {1, whole(token), 1}
end
if place_ttl > 0 then
  if not redis.call('ZSCORE', line, request) then
    local tail = redis.call('ZRANGE', line, -1, -1, 'WITHSCORES')
    redis.call('ZADD', line, whole(math.max(time[1] * 1000000 + time[2],
                                            tonumber(tail[2] or '0') + 1)), request)
  end
  redis.call('HSET', places, request, whole(now_ms + place_ttl))
  redis.call('PEXPIRE', line, place_ttl * 2)
  redis.call('PEXPIRE', places, place_ttl * 2)
end
return {0, math.max(0, redis.call('PTTL', lock))}
)lua");
    return script;
}

// ARGV: owner, token, ttl ms
const Script& renew_script() {
    static const Script script = with_common(R"lua(
local held = redis.call('HMGET', lock, 'owner', 'token', 'holds')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return -1 end
redis.call('PEXPIRE', lock, tonumber(ARGV[3]))
return tonumber(held[3])
)lua");
    return script;
}

// ARGV: owner, token, request id, channel
const Script& release_script() {
    static const Script script = with_common(R"lua(
local held = redis.call('HMGET', lock, 'owner', 'token', 'holds', 'released')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return -1 end
if held[4] == ARGV[3] then return tonumber(held[3]) end  -- the answer was lost
local holds = tonumber(held[3]) - 1
if holds > 0 then
  redis.call('HSET', lock, 'holds', holds, 'released', ARGV[3])
  return holds
end
redis.call('DEL', lock)
redis.call('PUBLISH', ARGV[4], head() or '')
return 0
)lua");
    return script;
}

// ARGV: request id, channel
const Script& leave_script() {
    static const Script script = with_common(R"lua(
redis.call('HDEL', places, ARGV[1])
if redis.call('ZREM', line, ARGV[1]) == 1 and redis.call('EXISTS', lock) == 0 then
  redis.call('PUBLISH', ARGV[2], head() or '')
end
return 1
)lua");
    return script;
}

const Script& look_script() {
    static const Script script = with_common(R"lua(
head()
local held = redis.call('HMGET', lock, 'owner', 'token', 'holds')
return {held[1], held[2], held[3], redis.call('PTTL', lock), redis.call('ZCARD', line)}
)lua");
    return script;
}

}  // namespace hongyan::redis
