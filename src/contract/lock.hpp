// Lock: exclusion between nodes, by name, for a time. Whoever acquires a name gets a lease with a
// fencing token; the token of a later tenure is always larger, whatever happens to the engine.
// Because a holder can be paused beyond its lease without noticing, the lease alone protects
// nothing: whoever writes on the strength of a lock hands its token to the store, and the store
// refuses a token below the largest it has seen (docs/decisions/0054). All members are safe from
// every thread; acquire() blocks for up to `wait`, so none belongs on an I/O thread.
//
// Errors: conflict = another has it (acquire, with retry_after) or the lease is over (renew,
// release); invalid_fields = a bad request; unavailable = the engine cannot be asked at this time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace hongyan {

enum class LockKind : std::uint8_t {
    simple,     ///< the owner who holds it is refused like everybody else
    reentrant,  ///< the owner who holds it gets it again; as many releases let it go
    fair,       ///< reentrant, and those who wait get it in the order in which they came
};

struct LockRequest {
    std::string name;    ///< 1 to 200 bytes, printable, no blank, no { or }
    std::string owner;   ///< who asks: unique among all nodes and threads, 1 to 200 bytes
    Millis ttl{15'000};  ///< how long the lease lasts without renewal: 10 ms to a day
    Millis wait{0};      ///< how long to wait for it: 0 to an hour
    LockKind kind = LockKind::reentrant;
    std::int64_t above = 0;  ///< the token will be larger: pass the largest that the store has seen
};

struct Lease {
    std::string name;
    std::string owner;
    std::int64_t token = 0;  ///< the same for all holds of one tenure
    int holds = 1;
    Millis ttl{0};
    /// Steady time of this process until which the lease is certain, counted from before the engine
    /// was asked.
    std::int64_t valid_until_us = 0;
};

struct LockState {
    bool held = false;
    std::string owner;
    std::int64_t token = 0;
    int holds = 0;
    Millis rest{0};            ///< until the lease ends without renewal
    std::int64_t waiting = 0;  ///< of those who wait in order
};

class Lock {
  public:
    virtual ~Lock() = default;
    [[nodiscard]] virtual Result<Lease> acquire(const LockRequest& request) = 0;
    /// The lease lasts its ttl again, from now.
    [[nodiscard]] virtual Result<Lease> renew(const Lease& lease) = 0;
    /// Gives back one hold.
    virtual Status release(const Lease& lease) = 0;
    [[nodiscard]] virtual Result<LockState> look(const std::string& name) = 0;
};

/// What every engine checks first.
[[nodiscard]] Status check_lock_request(const LockRequest& request);

/// The refusal of every engine.
[[nodiscard]] Error lock_is_taken(const std::string& name, Millis rest);
[[nodiscard]] Error lease_is_over(const Lease& lease);

/// The token of a new tenure: above everything that was seen, and by default the time in
/// microseconds, so that an engine that lost its memory still gives larger ones. Below 2^53 until
/// the year 2255, so that Lua and JSON carry it exactly.
[[nodiscard]] constexpr std::int64_t next_fencing_token(std::int64_t last, std::int64_t above,
                                                        std::int64_t now_us) {
    const std::int64_t floor = (last > above ? last : above) + 1;
    return floor > now_us ? floor : now_us;
}

}  // namespace hongyan
