// The Lua scripts of RedisLock, each built once. Immutable, safe from every thread.
#pragma once

#include "engine/redis/client.hpp"

namespace hongyan::redis {

/// acquire: {1, token, holds} when it is got, {0, rest ms} when not.
[[nodiscard]] const Script& acquire_script();
/// renew: holds, or -1 when the lease is over.
[[nodiscard]] const Script& renew_script();
/// release: holds left, or -1 when the lease is over.
[[nodiscard]] const Script& release_script();
/// Leaves the line of those who wait in order.
[[nodiscard]] const Script& leave_script();
/// {owner, token, holds, rest ms, waiting}; owner is nil when it is free.
[[nodiscard]] const Script& look_script();

}  // namespace hongyan::redis
