#include "engine/redis/client.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <optional>
#include <thread>
#include <utility>

#include "base/text.hpp"

namespace hongyan::redis {
namespace {

std::string sha1_hex(std::string_view text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    const int done = EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha1(), nullptr);
    HY_ASSERT(done == 1);
    return to_hex({reinterpret_cast<const char*>(digest), length});
}

Words script_words(const char* command, const std::string& script, const ScriptCall& call) {
    Words words{command, script, std::to_string(call.keys.size())};
    words.insert(words.end(), call.keys.begin(), call.keys.end());
    words.insert(words.end(), call.arguments.begin(), call.arguments.end());
    return words;
}

std::int64_t steady_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// One answer, handed from the client's thread to the one that waits.
class Handover {
  public:
    void give(Result<Value> value) {
        const std::lock_guard lock(mutex_);
        value_.emplace(std::move(value));
        given_.notify_one();
    }
    Result<Value> wait() {
        std::unique_lock lock(mutex_);
        given_.wait(lock, [&] { return value_.has_value(); });
        if (*value_ && (*value_)->is_failure()) return error_of(**value_);
        return std::move(*value_);
    }

  private:
    std::mutex mutex_;
    std::condition_variable given_;
    std::optional<Result<Value>> value_;
};

}  // namespace

Script::Script(std::string_view text) : text_(text), hash_(sha1_hex(text)) {}

Client::Client(LinkOptions options, Log& log) : options_(std::move(options)), log_(log) {
    *why_down_.lock() = "not connected yet";
}

Client::~Client() {
    stop();
    loop_.stop();  // of a client that was never started
}

void Client::start() {
    stopped_ = false;
    waiting_.lock()->closed = false;
    loop_.post([this] {
        commands_ = std::make_unique<Link>(loop_, options_, *this, Link::Use::commands);
        listening_ = std::make_unique<Link>(loop_, options_, ear_, Link::Use::subscriber);
        commands_->open();
        listening_->open();
    });
}

void Client::stop() {
    if (stopped_.exchange(true)) return;
    Handover closed;
    loop_.post([&] {
        drain();
        commands_.reset();
        listening_.reset();
        ticks_.clear();
        up_ = false;
        closed.give(Value{});
    });
    (void)closed.wait();
    loop_.stop();
    // What came in between is answered here, so that nobody waits for ever.
    std::vector<Request> late;
    {
        auto waiting = waiting_.lock();
        waiting->closed = true;
        late.swap(waiting->requests);
    }
    for (Request& request : late) refuse(request);
}

void Client::refuse(Request& request) {
    for (std::size_t i = 0; request.completion && i < request.commands.count(); ++i)
        request.completion(make_error(ErrorCode::unavailable, "the program stops"));
}

void Client::call(Commands commands, Completion completion) {
    Request request{std::move(commands), std::move(completion)};
    bool is_first = false;
    bool is_closed = false;
    {
        auto waiting = waiting_.lock();
        is_closed = waiting->closed;
        is_first = waiting->requests.empty();
        if (!is_closed) waiting->requests.push_back(std::move(request));
    }
    if (is_closed) return refuse(request);
    if (is_first) loop_.post([this] { drain(); });
}

/// A tenth of each answer: the average of the last few.
void Client::note(const Result<Value>& answer, std::int64_t sent_us) {
    if (!answer) {
        ++failures_;
        *last_error_.lock() = answer.error().detail;
        return;
    }
    if (answer->is_failure() && !answer->failed_with("NOSCRIPT"))
        *last_error_.lock() = answer->text.substr(0, 300);
    const std::int64_t took_us = std::max<std::int64_t>(1, steady_us() - sent_us);
    const std::int64_t before_us = round_trip_us_;
    round_trip_us_ = before_us == 0 ? took_us : before_us + (took_us - before_us) / 10;
}

void Client::drain() {
    const std::int64_t sent_us = steady_us();
    std::vector<Request> requests;
    requests.swap(waiting_.lock()->requests);
    for (Request& request : requests) {
        if (!commands_) {
            refuse(request);
            continue;
        }
        commands_->send(request.commands, [this, sent_us, done = std::move(request.completion)](
                                              Result<Value> answer) mutable {
            note(answer, sent_us);
            if (done) done(std::move(answer));
        });
    }
    if (commands_) commands_->flush();
}

void Client::run(const Script& script, ScriptCall call, Completion completion) {
    const Words words = script_words("EVALSHA", script.hash(), call);
    this->call(words, [this, &script, call = std::move(call),
                       done = std::move(completion)](Result<Value> answer) mutable {
        if (answer && answer->failed_with("NOSCRIPT"))
            return this->call(script_words("EVAL", script.text(), call), std::move(done));
        if (done) done(std::move(answer));
    });
}

Result<Value> Client::ask(const Words& words) {
    HY_ASSERT(!loop_.is_own_thread());
    const auto handover = std::make_shared<Handover>();
    call(words, [handover](Result<Value> answer) { handover->give(std::move(answer)); });
    return handover->wait();
}

Result<Value> Client::ask(const Script& script, ScriptCall call) {
    HY_ASSERT(!loop_.is_own_thread());
    const auto handover = std::make_shared<Handover>();
    run(script, std::move(call),
        [handover](Result<Value> answer) { handover->give(std::move(answer)); });
    return handover->wait();
}

std::int64_t Client::subscribe(const std::string& channel, Listener listener) {
    const std::int64_t number = next_number_++;
    loop_.post([this, number, channel, listener = std::move(listener)] {
        const bool known =
            std::any_of(subscriptions_.begin(), subscriptions_.end(),
                        [&](const auto& entry) { return entry.second.channel == channel; });
        subscriptions_[number] = {channel, listener};
        if (!listening_ || !listening_->is_up()) return;
        if (known) return listener("");
        listening_->send(Commands({"SUBSCRIBE", channel}), {});
        listening_->flush();
    });
    return number;
}

void Client::unsubscribe(std::int64_t subscription) {
    loop_.post([this, subscription] {
        const auto found = subscriptions_.find(subscription);
        if (found == subscriptions_.end()) return;
        const std::string channel = found->second.channel;
        subscriptions_.erase(found);
        const bool still =
            std::any_of(subscriptions_.begin(), subscriptions_.end(),
                        [&](const auto& entry) { return entry.second.channel == channel; });
        if (still || !listening_ || !listening_->is_up()) return;
        listening_->send(Commands({"UNSUBSCRIBE", channel}), {});
        listening_->flush();
    });
}

std::int64_t Client::start_timer(Millis period, std::function<void()> work) {
    const std::int64_t number = next_number_++;
    const auto guarded = std::make_shared<Guarded<std::function<void()>>>(std::move(work));
    (*works_.lock())[number] = guarded;
    loop_.post([this, number, period, guarded] {
        Tick& made = ticks_.emplace(number, Tick{Timer(loop_), period, guarded}).first->second;
        made.timer.start(period, [this, number] { tick(number); });
    });
    return number;
}

/// The work runs under its own lock, so that end_timer() waits for it.
void Client::tick(std::int64_t number) {
    const auto found = ticks_.find(number);
    if (found == ticks_.end()) return;
    {
        auto work = found->second.work->lock();
        if (*work) {
            (*work)();
            found->second.timer.start(found->second.period, [this, number] { tick(number); });
            return;
        }
    }
    ticks_.erase(found);
}

void Client::end_timer(std::int64_t timer) {
    std::shared_ptr<Guarded<std::function<void()>>> work;
    {
        auto works = works_.lock();
        const auto found = works->find(timer);
        if (found == works->end()) return;
        work = found->second;
        works->erase(found);
    }
    *work->lock() = nullptr;
}

void Client::tell(const std::string& channel, std::string_view payload) {
    std::vector<Listener> listeners;  // a listener may end its own subscription
    for (const auto& [number, subscription] : subscriptions_)
        if (subscription.channel == channel) listeners.push_back(subscription.listener);
    for (const Listener& listener : listeners) listener(payload);
}

void Client::Ear::on_up(const std::string& /*run_id*/) {
    Words words{"SUBSCRIBE"};
    for (const auto& [number, subscription] : client.subscriptions_)
        if (std::find(words.begin() + 1, words.end(), subscription.channel) == words.end())
            words.push_back(subscription.channel);
    if (words.size() == 1) return;
    client.listening_->send(Commands(words), {});
    client.listening_->flush();
}

void Client::Ear::on_down(const std::string& /*why*/) {}

void Client::Ear::on_push(const Value& value) {
    const std::string& kind = value.at(0).text;
    if (kind == "message") client.tell(value.at(1).text, value.at(2).text);
    if (kind == "subscribe") client.tell(value.at(1).text, "");
}

void Client::on_up(const std::string& run_id) {
    ++connects_;
    up_ = true;
    log_.info("redis_up", {{"address", options_.address.shown()}, {"run_id", run_id}});
}

void Client::on_down(const std::string& why) {
    const bool was_up = up_.exchange(false);
    const bool is_new = std::exchange(*why_down_.lock(), why) != why;
    *last_error_.lock() = why;
    if (was_up || is_new)
        log_.warn("redis_down", {{"address", options_.address.shown()}, {"why", why}});
}

Health Client::health() const {
    Health health;
    health.up = is_up();
    health.connects = connects_;
    health.failures = failures_;
    health.round_trip_us = round_trip_us_;
    health.last_error = *last_error_.lock();
    health.text = health.up ? "Redis answers at " + options_.address.shown()
                            : "Redis at " + options_.address.shown() +
                                  " is not reachable: " + *why_down_.lock();
    return health;
}

bool Client::wait_up(Millis most) const {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!is_up() && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(Millis(1));
    return is_up();
}

}  // namespace hongyan::redis
