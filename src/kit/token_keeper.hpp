// TokenKeeper: the one token of an account over HTTP. Whoever needs it asks by get(); one fetch
// serves all that wait, each waits until its own deadline at most. A token is renewed in the
// background when four fifths of its life are over; a fetch that failed is followed by a pause,
// from one second up to one minute, so that a provider in trouble sees no storm. Safe from every
// thread; callbacks come from the caller's thread, the outbound client's or the keeper's own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kit/http_account.hpp"

namespace hongyan::kit {

/// What the keeper and the account share.
struct HttpShared {
    std::unique_ptr<HttpProtocol> protocol;
    ProviderParts parts;
    std::atomic<std::int64_t> clock_offset_ms{0};  ///< the provider's clock minus ours

    /// Wall time by the provider's clock, as far as it is known.
    [[nodiscard]] std::int64_t provider_now_ms() const {
        return parts.clock.now_ms() + clock_offset_ms.load();
    }
    /// True if the answer to a request that was made with used_offset_ms shows another clock than
    /// that; the difference is remembered then.
    bool learn_clock(const OutboundReply& reply, std::int64_t used_offset_ms);
};

struct TokenAnswer {
    OutcomeClass kind =
        OutcomeClass::accepted;  ///< accepted: here it is; else transient or configuration
    std::string value;
    std::string detail;
    std::int64_t retry_after_ms = 0;
};

class TokenKeeper : public std::enable_shared_from_this<TokenKeeper> {
  public:
    using Then = UniqueFunction<void(TokenAnswer)>;

    explicit TokenKeeper(std::shared_ptr<HttpShared> shared) : shared_(std::move(shared)) {}
    ~TokenKeeper();
    TokenKeeper(const TokenKeeper&) = delete;
    TokenKeeper& operator=(const TokenKeeper&) = delete;

    void get(std::int64_t deadline_ms, Then then);
    /// A token fetched after this call, or by the fetch under way; for tests of the credentials.
    void fetch_anew(std::int64_t deadline_ms, Then then);
    /// The provider called this token expired. A newer one stays.
    void invalidate(std::string_view value);
    /// Answers all that wait (transient) and everyone who asks later. Not from a callback.
    void close();

  private:
    struct Waiter {
        std::int64_t deadline_ms = 0;
        Then then;
    };
    void wait(std::unique_lock<std::mutex> lock, std::int64_t deadline_ms, Then then);
    void fetch(bool may_repeat);
    void fetched(OutboundReply reply, std::int64_t used_offset_ms, bool may_repeat);
    TokenAnswer keep(Token token);
    TokenAnswer note_failure(const Error& error);
    void start_watch();
    void watch();
    [[nodiscard]] std::vector<Waiter> take_expired();

    const std::shared_ptr<HttpShared> shared_;  ///< shared: late answers may outlive the account

    std::mutex mutex_;
    std::condition_variable changed_;
    // Under mutex_:
    std::string value_;
    std::int64_t renew_at_us_ = 0;
    std::int64_t expires_at_us_ = 0;
    bool fetching_ = false;
    std::int64_t fetch_ends_ms_ = 0;  ///< when the fetch under way is answered at the latest
    std::int64_t pause_ms_ = 0;
    std::int64_t next_fetch_us_ = 0;
    TokenAnswer last_failure_;
    std::vector<Waiter> waiters_;
    bool closed_ = false;
    bool watching_ = false;
    std::thread watch_;  ///< runs only while somebody's deadline comes before the fetch's end
};

}  // namespace hongyan::kit
