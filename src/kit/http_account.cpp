#include "kit/http_account.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <unordered_map>

#include "kit/token_keeper.hpp"

namespace hongyan::kit {
namespace {

constexpr std::size_t max_detail = 500;
constexpr Millis test_time{15'000};
/// A question to the provider takes no longer, and is not put with less time left.
constexpr Millis question_time{5'000};
/// How long stop() waits for callbacks that are in the middle of judging an answer.
constexpr Millis judge_time{5'000};

/// Cuts to max_detail bytes, not within a code point.
std::string cut(std::string text) {
    if (text.size() <= max_detail) return text;
    std::size_t end = max_detail;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    return text;
}

/// The detail as it may be shown: without the token, should a provider have quoted it.
std::string shown(std::string detail, const std::string& token) {
    constexpr std::size_t worth_hiding = 8;
    if (token.size() >= worth_hiding) {
        for (std::size_t at = detail.find(token); at != std::string::npos;
             at = detail.find(token, at)) {
            detail.replace(at, token.size(), "***");
        }
    }
    return cut(std::move(detail));
}

Outcome outcome_of(OutcomeClass kind, std::string detail) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.detail = std::move(detail);
    return outcome;
}

/// One message on its way. Whoever takes it out of the table owns it, so it is reported once.
struct Flight {
    MessagePtr message;
    std::int64_t deadline_ms = 0;
    std::int64_t started_ms = 0;  ///< of the last call
    std::int64_t started_us = 0;
    std::int64_t clock_offset_ms = 0;  ///< that the last call was made with
    std::string token;
    bool sent = false;            ///< a call is open: nobody knows how it ends
    bool asked = false;           ///< the provider was asked what became of it
    std::optional<Outcome> lost;  ///< the unknown outcome that it was asked about
    bool token_renewed = false;
    bool clock_corrected = false;
};

/// What outlives the account until the last late answer has come; shared for that reason.
class Core : public std::enable_shared_from_this<Core> {
  public:
    explicit Core(std::shared_ptr<HttpShared> shared)
        : shared_(std::move(shared)),
          keeper_(std::make_shared<TokenKeeper>(shared_)),
          has_token_(shared_->protocol->token_request(shared_->provider_now_ms()).has_value()) {}

    void start(OutcomeSink sink) { sink_ = std::move(sink); }
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms);
    Result<CallbackAnswer> callback(const Callback& callback) {
        return shared_->protocol->callback(callback, shared_->parts.clock.now_ms());
    }
    void test(UniqueFunction<void(AccountTest)> done);
    void stop(Millis grace);

  private:
    using Ticket = std::uint64_t;
    void begin(Flight flight);
    void with_token(Ticket ticket, TokenAnswer answer);
    void dispatch(Flight flight);
    void answered(Ticket ticket, OutboundReply reply);
    void judged(Flight flight, const OutboundReply& reply, Outcome outcome);
    [[nodiscard]] bool corrects_clock(Flight& flight, const OutboundReply& reply,
                                      OutcomeClass kind);
    [[nodiscard]] bool asks(Flight& flight);
    void told(Ticket ticket, const OutboundReply& reply);
    void renew_token(Flight flight);
    void report(Flight flight, Outcome outcome);
    void run_test(const TokenAnswer& token, UniqueFunction<void(AccountTest)> done);

    /// Puts a flight into the table; 0 if the account was closed meanwhile, flight is untouched
    /// then.
    [[nodiscard]] Ticket park(Flight& flight);
    /// Takes a flight out; nothing if stop() has reported it.
    [[nodiscard]] std::optional<Flight> take(Ticket ticket);

    const std::shared_ptr<HttpShared> shared_;
    const std::shared_ptr<TokenKeeper> keeper_;  ///< shared: fetches under way hold it weakly
    const bool has_token_;
    OutcomeSink sink_;  ///< fixed after start()

    std::mutex mutex_;
    std::condition_variable changed_;
    // Under mutex_:
    std::unordered_map<Ticket, Flight> flights_;
    Ticket last_ticket_ = 0;
    std::size_t busy_ = 0;  ///< flights that are in somebody's hands, not in the table
    bool stopping_ = false;
    bool closed_ = false;
};

Core::Ticket Core::park(Flight& flight) {
    const std::lock_guard lock(mutex_);
    if (closed_) return 0;
    const Ticket ticket = ++last_ticket_;
    flights_.emplace(ticket, std::move(flight));
    --busy_;
    return ticket;
}

std::optional<Flight> Core::take(Ticket ticket) {
    const std::lock_guard lock(mutex_);
    const auto found = flights_.find(ticket);
    if (found == flights_.end()) return std::nullopt;
    std::optional<Flight> flight = std::move(found->second);
    flights_.erase(found);
    ++busy_;
    return flight;
}

void Core::report(Flight flight, Outcome outcome) {
    outcome.detail = shown(std::move(outcome.detail), flight.token);
    if (outcome.started_ms == 0) outcome.started_ms = flight.started_ms;
    if (outcome.duration_us == 0 && flight.started_us != 0) {
        outcome.duration_us = shared_->parts.clock.steady_us() - flight.started_us;
    }
    std::vector<Sent> sent;
    sent.push_back({std::move(flight.message), std::move(outcome)});
    sink_(std::move(sent));
    const std::lock_guard lock(mutex_);
    --busy_;
    if (stopping_) changed_.notify_all();
}

void Core::send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) {
    bool open = false;
    {
        const std::lock_guard lock(mutex_);
        busy_ += batch.size();
        open = !stopping_;
    }
    for (MessagePtr& message : batch) {
        Flight flight;
        flight.message = std::move(message);
        flight.deadline_ms = deadline_ms;
        if (open) {
            begin(std::move(flight));
        } else {
            report(std::move(flight),
                   outcome_of(OutcomeClass::transient, "the account is being closed"));
        }
    }
}

/// First sends and repeats alike: gets the token, then sends.
void Core::begin(Flight flight) {
    flight.sent = false;
    if (flight.deadline_ms <= shared_->parts.clock.now_ms()) {
        report(std::move(flight),
               outcome_of(OutcomeClass::transient, "the deadline passed before it could be sent"));
        return;
    }
    if (!has_token_) return dispatch(std::move(flight));
    const std::int64_t deadline_ms = flight.deadline_ms;
    const Ticket ticket = park(flight);
    if (ticket == 0) {
        report(std::move(flight), outcome_of(OutcomeClass::transient, "the account was closed"));
        return;
    }
    keeper_->get(deadline_ms, [weak = weak_from_this(), ticket](TokenAnswer answer) {
        if (const auto core = weak.lock()) core->with_token(ticket, std::move(answer));
    });
}

void Core::with_token(Ticket ticket, TokenAnswer answer) {
    auto flight = take(ticket);
    if (!flight) return;
    if (answer.kind != OutcomeClass::accepted) {
        Outcome outcome = outcome_of(answer.kind, std::move(answer.detail));
        outcome.code = "token";
        outcome.retry_after_ms = answer.retry_after_ms;
        return report(std::move(*flight), std::move(outcome));
    }
    flight->token = std::move(answer.value);
    dispatch(std::move(*flight));
}

void Core::dispatch(Flight flight) {
    const Clock& clock = shared_->parts.clock;
    const std::int64_t now = clock.now_ms();
    if (flight.deadline_ms <= now) {
        report(std::move(flight),
               outcome_of(OutcomeClass::transient, "the deadline passed before it could be sent"));
        return;
    }
    // An earlier attempt may have arrived: rather ask than send twice.
    if (flight.message->unknown_since_ms != 0 && asks(flight)) return;
    flight.clock_offset_ms = shared_->clock_offset_ms.load();
    auto request =
        shared_->protocol->request(*flight.message, {flight.token, now + flight.clock_offset_ms});
    if (!request) {
        Outcome outcome = outcome_of(OutcomeClass::message_permanent, request.error().detail);
        return report(std::move(flight), std::move(outcome));
    }
    request->timeout = std::min(request->timeout, Millis(flight.deadline_ms - now));
    request->connect_timeout = std::min(request->connect_timeout, request->timeout);
    flight.started_ms = now;
    flight.started_us = clock.steady_us();
    flight.sent = true;
    const Ticket ticket = park(flight);
    if (ticket == 0) {
        report(std::move(flight), outcome_of(OutcomeClass::transient, "the account was closed"));
        return;
    }
    shared_->parts.outbound.call(std::move(*request),
                                 [weak = weak_from_this(), ticket](OutboundReply reply) {
                                     if (const auto core = weak.lock())
                                         core->answered(ticket, std::move(reply));
                                 });
}

void Core::answered(Ticket ticket, OutboundReply reply) {
    auto flight = take(ticket);
    if (!flight) return;
    const bool whole = reply.end == CallEnd::answered;
    Outcome outcome = whole ? shared_->protocol->judge(*flight->message, reply)
                            : shared_->protocol->judge_lost(*flight->message, reply);
    judged(std::move(*flight), reply, std::move(outcome));
}

bool Core::corrects_clock(Flight& flight, const OutboundReply& reply, OutcomeClass kind) {
    if (kind != OutcomeClass::configuration && kind != OutcomeClass::token) return false;
    if (flight.clock_corrected || !shared_->learn_clock(reply, flight.clock_offset_ms))
        return false;
    flight.clock_corrected = true;
    return true;
}

void Core::judged(Flight flight, const OutboundReply& reply, Outcome outcome) {
    if (corrects_clock(flight, reply, outcome.kind)) return begin(std::move(flight));
    if (outcome.kind == OutcomeClass::token) {
        if (!flight.token_renewed) return renew_token(std::move(flight));
        outcome.kind = OutcomeClass::configuration;
    }
    if (reply.started_ms != 0) outcome.started_ms = reply.started_ms;
    if (reply.duration_us != 0) outcome.duration_us = reply.duration_us;
    if (outcome.kind == OutcomeClass::unknown) {
        flight.lost = outcome;
        if (asks(flight)) return;
    }
    report(std::move(flight), std::move(outcome));
}

/// Asks the provider what became of the message, once; true if the flight is on its way with it.
bool Core::asks(Flight& flight) {
    if (std::exchange(flight.asked, true)) return false;
    const std::int64_t now = shared_->parts.clock.now_ms();
    const auto left = Millis(flight.deadline_ms - now);
    if (left < question_time) return false;
    auto request = shared_->protocol->query_request(
        *flight.message, {flight.token, now + shared_->clock_offset_ms.load()});
    if (!request) return false;
    request->timeout = std::min(request->timeout, question_time);
    request->connect_timeout = std::min(request->connect_timeout, request->timeout);
    flight.sent = flight.lost.has_value();
    if (flight.started_ms == 0) flight.started_ms = now;
    const Ticket ticket = park(flight);
    if (ticket == 0) return false;
    shared_->parts.outbound.call(std::move(*request),
                                 [weak = weak_from_this(), ticket](OutboundReply reply) {
                                     if (const auto core = weak.lock()) core->told(ticket, reply);
                                 });
    return true;
}

void Core::told(Ticket ticket, const OutboundReply& reply) {
    auto flight = take(ticket);
    if (!flight) return;
    std::optional<Outcome> found;
    if (reply.end == CallEnd::answered)
        found = shared_->protocol->judge_query(*flight->message, reply);
    if (found) return report(std::move(*flight), std::move(*found));
    if (!flight->lost) return dispatch(std::move(*flight));
    auto lost = std::move(*flight->lost);
    report(std::move(*flight), std::move(lost));
}

void Core::renew_token(Flight flight) {
    flight.token_renewed = true;
    if (has_token_) keeper_->invalidate(flight.token);
    begin(std::move(flight));
}

void Core::test(UniqueFunction<void(AccountTest)> done) {
    if (!has_token_) return run_test({}, std::move(done));
    const std::int64_t started = shared_->parts.clock.steady_us();
    const std::int64_t deadline = shared_->parts.clock.now_ms() + test_time.count();
    keeper_->fetch_anew(deadline, [weak = weak_from_this(), started,
                                   done = std::move(done)](TokenAnswer answer) mutable {
        const auto core = weak.lock();
        AccountTest test;
        test.ok = answer.kind == OutcomeClass::accepted;
        if (test.ok && core) return core->run_test(answer, std::move(done));
        test.detail = "no token came: " + cut(std::move(answer.detail));
        if (core) {
            test.duration_ms = (core->shared_->parts.clock.steady_us() - started) / 1000;
        }
        done(std::move(test));
    });
}

void Core::run_test(const TokenAnswer& token, UniqueFunction<void(AccountTest)> done) {
    auto request = shared_->protocol->test_request({token.value, shared_->provider_now_ms()});
    if (!request) {
        AccountTest test;
        test.ok = true;
        test.detail = has_token_ ? "the provider gave a token for these credentials"
                                 : "the settings are complete; this provider offers no call that "
                                   "proves credentials without sending";
        return done(std::move(test));
    }
    request->timeout = std::min(request->timeout, test_time);
    shared_->parts.outbound.call(std::move(*request),
                                 [shared = shared_, value = token.value,
                                  done = std::move(done)](OutboundReply reply) mutable {
                                     AccountTest test = shared->protocol->judge_test(reply);
                                     test.detail = shown(std::move(test.detail), value);
                                     if (test.duration_ms == 0)
                                         test.duration_ms = reply.duration_us / 1000;
                                     done(std::move(test));
                                 });
}

void Core::stop(Millis grace) {
    std::unordered_map<Ticket, Flight> rest;
    {
        std::unique_lock lock(mutex_);
        stopping_ = true;
        changed_.wait_for(lock, grace, [this] { return flights_.empty() && busy_ == 0; });
        closed_ = true;
        rest.swap(flights_);
        busy_ += rest.size();
    }
    for (auto& [ticket, flight] : rest) {
        const bool sent = flight.sent;
        report(std::move(flight),
               sent ? outcome_of(OutcomeClass::unknown,
                                 "the account was closed before the provider answered")
                    : outcome_of(OutcomeClass::transient,
                                 "the account was closed before it could be sent"));
    }
    keeper_->close();
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, judge_time, [this] { return busy_ == 0; });
}

class HttpAccount final : public Account {
  public:
    HttpAccount(std::unique_ptr<HttpProtocol> protocol, const ProviderParts& parts)
        : core_(std::make_shared<Core>(
              std::shared_ptr<HttpShared>(new HttpShared{std::move(protocol), parts, {}}))) {}
    ~HttpAccount() override { core_->stop(Millis(0)); }

    Status start(OutcomeSink sink, ReceiptSink) override {
        core_->start(std::move(sink));
        return Done{};
    }
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) override {
        core_->send(std::move(batch), deadline_ms);
    }
    Result<CallbackAnswer> callback(const Callback& callback) override {
        return core_->callback(callback);
    }
    void test(UniqueFunction<void(AccountTest)> done) override { core_->test(std::move(done)); }
    void stop(Millis grace) override { core_->stop(grace); }

  private:
    const std::shared_ptr<Core> core_;
};

}  // namespace

std::unique_ptr<Account> make_http_account(std::unique_ptr<HttpProtocol> protocol,
                                           const ProviderParts& parts) {
    return std::make_unique<HttpAccount>(std::move(protocol), parts);
}

}  // namespace hongyan::kit
