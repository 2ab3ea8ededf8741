#include "engine/redis/lock.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "engine/redis/lock_scripts.hpp"

namespace hongyan::redis {
namespace {

/// Wakes a waiter: by a release that names it or nobody, or when messages may have been missed.
class Bell {
  public:
    void ring() {
        const std::lock_guard lock(mutex_);
        rung_ = true;
        heard_.notify_one();
    }
    void wait(Millis most) {
        std::unique_lock lock(mutex_);
        heard_.wait_for(lock, most, [&] { return rung_; });
        rung_ = false;
    }

  private:
    std::mutex mutex_;
    std::condition_variable heard_;
    bool rung_ = false;
};

}  // namespace

struct RedisLock::Ask {
    const LockRequest& request;
    std::string id;
};

RedisLock::RedisLock(Client& client, const Clock& clock, Options options)
    : client_(client),
      clock_(clock),
      options_(std::move(options)),
      incarnation_(to_hex(random_bytes(6))) {}

/// The braces make Redis Cluster keep all keys of a name in one place.
Words RedisLock::keys(const std::string& name) const {
    const std::string stem = options_.prefix + "lock:{" + name + "}";
    return {stem, stem + ":token", stem + ":line", stem + ":places"};
}

std::string RedisLock::channel(const std::string& name) const {
    return options_.prefix + "lock:{" + name + "}:free";
}

std::string RedisLock::next_request() { return incarnation_ + "-" + std::to_string(++requests_); }

/// Repeats what was sent without an answer: the scripts know a request that they have done.
Result<Value> RedisLock::step(const Script& script, const ScriptCall& call) const {
    for (int attempt = 1;; ++attempt) {
        auto answer = client_.ask(script, call);
        const bool lost = !answer && answer.error().code == ErrorCode::io_failed;
        if (!lost) return answer;
        if (attempt >= options_.attempts || !client_.wait_up(Millis(1'000)))
            return make_error(ErrorCode::unavailable, answer.error().detail);
    }
}

Result<Value> RedisLock::try_once(const Ask& ask, bool in_line) const {
    const LockRequest& request = ask.request;
    return step(acquire_script(),
                {keys(request.name),
                 {request.owner, std::to_string(request.ttl.count()), std::to_string(request.above),
                  ask.id, request.kind == LockKind::simple ? "0" : "1",
                  std::to_string(in_line ? options_.place_ttl.count() : 0)}});
}

Result<Lease> RedisLock::acquire(const LockRequest& request) {
    if (auto checked = check_lock_request(request); !checked) return checked.error();
    const Ask ask{request, next_request()};
    const bool in_line = request.kind == LockKind::fair && request.wait > Millis(0);
    const std::int64_t until_us = clock_.steady_us() + request.wait.count() * 1000;
    const auto bell = std::make_shared<Bell>();  // the listener may outlive this call
    std::int64_t subscription = 0;
    Result<Lease> result = lock_is_taken(request.name, Millis(0));
    while (true) {
        const std::int64_t asked_us = clock_.steady_us();
        auto answer = try_once(ask, in_line);
        if (!answer) {
            result = answer.error();
            break;
        }
        if (answer->at(0).number() == 1) {
            result = Lease{request.name,
                           request.owner,
                           answer->at(1).number(),
                           static_cast<int>(answer->at(2).number()),
                           request.ttl,
                           asked_us + request.ttl.count() * 1000};
            break;
        }
        const Millis rest(answer->at(1).number());
        const std::int64_t now_us = clock_.steady_us();
        result = lock_is_taken(request.name, rest);
        if (now_us >= until_us) break;
        if (subscription == 0) {
            subscription = client_.subscribe(channel(request.name),
                                             [bell, id = ask.id](std::string_view next) {
                                                 if (next.empty() || next == id) bell->ring();
                                             });
        }
        // A free lock with a line before us becomes ours when the one ahead takes it or gives up.
        const Millis look_again = rest > Millis(0) ? rest + Millis(1) : options_.place_ttl / 6;
        const Millis left((until_us - now_us + 999) / 1000);
        bell->wait(std::min({look_again, left, options_.place_ttl / 3}));
    }
    if (subscription != 0) client_.unsubscribe(subscription);
    if (!result && in_line) leave_line(ask);
    return result;
}

/// If it cannot be told, the place ends by its time.
void RedisLock::leave_line(const Ask& ask) const {
    (void)client_.ask(leave_script(),
                      {keys(ask.request.name), {ask.id, channel(ask.request.name)}});
}

Result<Lease> RedisLock::renew(const Lease& lease) {
    const std::int64_t asked_us = clock_.steady_us();
    auto answer =
        step(renew_script(),
             {keys(lease.name),
              {lease.owner, std::to_string(lease.token), std::to_string(lease.ttl.count())}});
    if (!answer) return answer.error();
    if (answer->number() < 0) return lease_is_over(lease);
    Lease renewed = lease;
    renewed.holds = static_cast<int>(answer->number());
    renewed.valid_until_us = asked_us + lease.ttl.count() * 1000;
    return renewed;
}

Status RedisLock::release(const Lease& lease) {
    const ScriptCall call{
        keys(lease.name),
        {lease.owner, std::to_string(lease.token), next_request(), channel(lease.name)}};
    bool repeated = false;
    for (int attempt = 1;; ++attempt) {
        auto answer = client_.ask(release_script(), call);
        if (answer && answer->number() >= 0) return Done{};
        // Gone after a lost answer: it was released by us, or it ended; either way it is not ours.
        if (answer && repeated) return Done{};
        if (answer) return lease_is_over(lease);
        const bool lost = answer.error().code == ErrorCode::io_failed;
        if (!lost) return answer.error();
        repeated = true;
        if (attempt >= options_.attempts || !client_.wait_up(Millis(1'000)))
            return make_error(ErrorCode::unavailable, answer.error().detail);
    }
}

Result<LockState> RedisLock::look(const std::string& name) {
    auto answer = step(look_script(), {keys(name), {}});
    if (!answer) return answer.error();
    LockState state;
    state.waiting = answer->at(4).number();
    if (answer->at(0).kind == Value::Kind::nil) return state;
    state.held = true;
    state.owner = answer->at(0).text;
    state.token = answer->at(1).number();
    state.holds = static_cast<int>(answer->at(2).number());
    state.rest = Millis(std::max<std::int64_t>(0, answer->at(3).number()));
    return state;
}

}  // namespace hongyan::redis
