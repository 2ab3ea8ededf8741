#include "kit/token_keeper.hpp"

#include <algorithm>

#include "base/thread.hpp"
#include "kit/http_date.hpp"

namespace hongyan::kit {
namespace {

constexpr std::int64_t clock_tolerance_ms = 30'000;
constexpr std::int64_t max_clock_offset_ms = 86'400'000;
constexpr std::int64_t first_pause_ms = 1'000;
constexpr std::int64_t max_pause_ms = 60'000;
/// A fetch may end so much after its time-out (Outbound's promise).
constexpr std::int64_t outbound_slack_ms = 1'000;
constexpr Millis min_life{1'000};
constexpr Millis max_life{30LL * 86'400'000};

TokenAnswer failure(OutcomeClass kind, std::string detail) {
    TokenAnswer answer;
    answer.kind = kind;
    answer.detail = std::move(detail);
    return answer;
}

TokenAnswer closed_answer() {
    return failure(OutcomeClass::transient, "the account was closed before it had a token");
}

}  // namespace

bool HttpShared::learn_clock(const OutboundReply& reply, std::int64_t used_offset_ms) {
    if (reply.end != CallEnd::answered) return false;
    const std::int64_t now = parts.clock.now_ms();
    const auto theirs = parse_http_date(reply.header("date"), now);
    if (!theirs) return false;
    const std::int64_t offset = *theirs - now;
    if (std::abs(offset - used_offset_ms) <= clock_tolerance_ms) return false;
    if (std::abs(offset) > max_clock_offset_ms) return false;
    clock_offset_ms.store(offset);
    parts.log.warn("provider.clock_differs", {{"offset_ms", offset}});
    return true;
}

TokenKeeper::~TokenKeeper() { HY_ASSERT(!watch_.joinable()); }

void TokenKeeper::get(std::int64_t deadline_ms, Then then) {
    std::unique_lock lock(mutex_);
    const std::int64_t now = shared_->parts.clock.steady_us();
    if (closed_) {
        lock.unlock();
        return then(closed_answer());
    }
    const bool may_fetch = !fetching_ && now >= next_fetch_us_;
    if (!value_.empty() && now < expires_at_us_) {
        TokenAnswer answer;
        answer.value = value_;
        const bool renew = may_fetch && now >= renew_at_us_;
        if (renew) fetching_ = true;
        lock.unlock();
        then(std::move(answer));
        if (renew) fetch(true);
        return;
    }
    if (!fetching_ && !may_fetch) {
        TokenAnswer answer = last_failure_;
        answer.retry_after_ms = (next_fetch_us_ - now) / 1000 + 1;
        lock.unlock();
        return then(std::move(answer));
    }
    wait(std::move(lock), deadline_ms, std::move(then));
}

void TokenKeeper::fetch_anew(std::int64_t deadline_ms, Then then) {
    std::unique_lock lock(mutex_);
    if (closed_) {
        lock.unlock();
        return then(closed_answer());
    }
    wait(std::move(lock), deadline_ms, std::move(then));
}

void TokenKeeper::wait(std::unique_lock<std::mutex> lock, std::int64_t deadline_ms, Then then) {
    waiters_.push_back({deadline_ms, std::move(then)});
    const bool starts = !std::exchange(fetching_, true);
    // The end of a fetch that starts now is known only when its request is built; see fetch().
    if (!starts && deadline_ms < fetch_ends_ms_) start_watch();
    lock.unlock();
    if (starts) fetch(true);
}

void TokenKeeper::invalidate(std::string_view value) {
    const std::lock_guard lock(mutex_);
    if (value_ == value) value_.clear();
}

void TokenKeeper::fetch(bool may_repeat) {
    const std::int64_t offset = shared_->clock_offset_ms.load();
    const std::int64_t now = shared_->parts.clock.now_ms();
    auto request = shared_->protocol->token_request(now + offset);
    if (!request) {
        OutboundReply none;
        none.detail = "no request for a token could be made";
        return fetched(std::move(none), offset, false);
    }
    {
        const std::lock_guard lock(mutex_);
        fetch_ends_ms_ = now + request->timeout.count() + outbound_slack_ms;
        const bool watch_needed =
            std::any_of(waiters_.begin(), waiters_.end(),
                        [this](const Waiter& w) { return w.deadline_ms < fetch_ends_ms_; });
        if (watch_needed && !closed_) start_watch();
    }
    shared_->parts.outbound.call(
        std::move(*request), [weak = weak_from_this(), offset, may_repeat](OutboundReply reply) {
            if (const auto keeper = weak.lock()) {
                keeper->fetched(std::move(reply), offset, may_repeat);
            }
        });
}

void TokenKeeper::fetched(OutboundReply reply, std::int64_t used_offset_ms, bool may_repeat) {
    const bool answered = reply.end == CallEnd::answered;
    Result<Token> token =
        answered ? shared_->protocol->read_token(reply)
                 : make_error(reply.end == CallEnd::refused ? ErrorCode::config_invalid
                                                            : ErrorCode::outbound_failed,
                              "the token could not be fetched: " + reply.detail);
    if (token && token->value.empty()) {
        token = make_error(ErrorCode::outbound_failed, "the provider gave an empty token");
    }
    const bool refused = !token && token.error().code == ErrorCode::config_invalid;
    if (refused && may_repeat && shared_->learn_clock(reply, used_offset_ms)) return fetch(false);

    std::vector<Waiter> waiting;
    TokenAnswer answer;
    {
        const std::lock_guard lock(mutex_);
        fetching_ = false;
        answer = token ? keep(std::move(*token)) : note_failure(token.error());
        waiting.swap(waiters_);
        changed_.notify_all();
    }
    if (answer.kind != OutcomeClass::accepted) {
        shared_->parts.log.warn("provider.token_failed", {{"class", to_text(answer.kind)},
                                                          {"detail", answer.detail},
                                                          {"pause_ms", answer.retry_after_ms}});
    }
    for (Waiter& waiter : waiting) waiter.then(answer);
}

/// Called with mutex_ held.
TokenAnswer TokenKeeper::keep(Token token) {
    const Millis life = std::clamp(token.expires_in, min_life, max_life);
    const std::int64_t now = shared_->parts.clock.steady_us();
    const std::int64_t life_us = life.count() * 1000;
    // A token that ends while the request is on its way would be called expired.
    const std::int64_t margin_us = std::min<std::int64_t>(life_us / 10, 30'000'000);
    value_ = std::move(token.value);
    renew_at_us_ = now + life_us / 5 * 4;
    expires_at_us_ = now + life_us - margin_us;
    pause_ms_ = 0;
    next_fetch_us_ = 0;
    TokenAnswer answer;
    answer.value = value_;
    return answer;
}

/// Called with mutex_ held.
TokenAnswer TokenKeeper::note_failure(const Error& error) {
    const bool refused = error.code == ErrorCode::config_invalid;
    pause_ms_ = pause_ms_ == 0 ? first_pause_ms : std::min(pause_ms_ * 2, max_pause_ms);
    const auto asked = static_cast<std::int64_t>(error.retry_after.count());
    const std::int64_t pause = std::max(pause_ms_, std::min(asked, max_pause_ms));
    next_fetch_us_ = shared_->parts.clock.steady_us() + pause * 1000;
    last_failure_ =
        failure(refused ? OutcomeClass::configuration : OutcomeClass::transient, error.detail);
    last_failure_.retry_after_ms = pause;
    return last_failure_;
}

/// Called with mutex_ held.
void TokenKeeper::start_watch() {
    changed_.notify_all();
    if (std::exchange(watching_, true)) return;
    if (watch_.joinable()) watch_.join();  // it has left its loop already, see watch()
    watch_ = start_thread("tokens", [this] { watch(); });
}

/// Ends what has waited for a token until its own deadline. The thread lives as long as somebody
/// waits; close() joins it before the keeper goes.
void TokenKeeper::watch() {
    std::unique_lock lock(mutex_);
    while (!closed_ && !waiters_.empty()) {
        std::vector<Waiter> expired = take_expired();
        if (expired.empty()) {
            // Short steps, because deadlines are wall time and the clock may be moved.
            changed_.wait_for(lock, Millis(20));
            continue;
        }
        lock.unlock();
        for (Waiter& waiter : expired) {
            waiter.then(failure(OutcomeClass::transient, "no token came before the deadline"));
        }
        expired.clear();
        lock.lock();
    }
    watching_ = false;
}

std::vector<TokenKeeper::Waiter> TokenKeeper::take_expired() {
    const std::int64_t now = shared_->parts.clock.now_ms();
    std::vector<Waiter> expired;
    for (Waiter& waiter : waiters_) {
        if (waiter.deadline_ms <= now) expired.push_back(std::move(waiter));
    }
    std::erase_if(waiters_, [](const Waiter& waiter) { return !waiter.then; });
    return expired;
}

void TokenKeeper::close() {
    std::vector<Waiter> waiting;
    std::thread watch;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        waiting.swap(waiters_);
        watch.swap(watch_);
        changed_.notify_all();
    }
    if (watch.joinable()) watch.join();
    for (Waiter& waiter : waiting) waiter.then(closed_answer());
}

}  // namespace hongyan::kit
