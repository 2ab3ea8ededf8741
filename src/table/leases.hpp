// Leases in the store: the Lock for a cluster without Redis, or while Redis is away, and the fences
// that every lock needs (docs/decisions/0054). Each step is one SQL statement that goes by the
// database's clock alone; a tenure's token comes from the row of its lease. Waiters look again
// every look_every, those of the same process at once after a release; places in line are rows of
// the same table and end by themselves. The functions here are for the thread that has the session;
// LeaseLock is safe from every thread and blocks.
#pragma once

#include <condition_variable>
#include <functional>
#include <string>
#include <string_view>

#include "base/guarded.hpp"
#include "contract/lock.hpp"
#include "contract/store.hpp"

namespace hongyan::table {

/// False if a larger token of that name has been seen: whoever asks was fenced out, and must roll
/// its transaction back. Remembers the token otherwise.
[[nodiscard]] bool pass_fence(Session& session, std::string_view name, std::int64_t token);

class LeaseLock final : public Lock {
  public:
    /// Runs work in a transaction of the store and waits until it is on disk. A store has one
    /// writer, so it is for that one to do.
    using Write = std::function<Status(const std::function<void(Session&)>& work)>;
    struct Options {
        Millis look_every{100};
        Millis place_ttl{3'000};  ///< a waiter that does not look for so long loses its place
    };
    LeaseLock(Store& store, Write write, const Clock& clock, Options options);

    [[nodiscard]] Result<Lease> acquire(const LockRequest& request) override;
    [[nodiscard]] Result<Lease> renew(const Lease& lease) override;
    Status release(const Lease& lease) override;
    [[nodiscard]] Result<LockState> look(const std::string& name) override;

  private:
    struct Answer;
    [[nodiscard]] Result<Answer> try_once(const LockRequest& request, const std::string& place);
    void leave_line(const std::string& place);
    void rest(std::uint64_t releases_seen, Millis most);
    [[nodiscard]] Status write(const std::function<void(Session&)>& work);

    // Fixed after construction.
    Store& store_;
    const Write write_;
    const Clock& clock_;
    const Options options_;
    // Own synchronisation.
    Guarded<std::uint64_t> releases_{0U};  ///< in this process
    std::condition_variable released_;
};

}  // namespace hongyan::table
