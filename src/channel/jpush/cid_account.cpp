#include "channel/jpush/cid_account.hpp"

#include <algorithm>

#include "channel/jpush/protocol.hpp"

namespace hongyan::jpush {
namespace {

/// The answer must leave time to push before any deadline: a slower fetch is given up.
constexpr Millis fetch_time{3'000};

struct Waiting {
    std::vector<MessagePtr> batch;
    std::int64_t deadline_ms = 0;
};

struct State {
    std::vector<Waiting> waiting;
    bool fetching = false;  ///< also while what waited is handed on
    bool stopped = false;
};

/// Shared with the fetch under way, which may end after the account is gone.
class Core : public std::enable_shared_from_this<Core> {
  public:
    Core(std::unique_ptr<Account> inner, std::shared_ptr<CidPool> pool, Settings settings,
         const ProviderParts& parts)
        : inner_(std::move(inner)),
          pool_(std::move(pool)),
          settings_(std::move(settings)),
          outbound_(parts.outbound),
          clock_(parts.clock) {}

    Account& inner() { return *inner_; }
    void keep(OutcomeSink sink) { sink_ = std::move(sink); }
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms);
    void stop(Millis grace);

  private:
    void fetch();
    void fetched(const OutboundReply& reply);
    [[nodiscard]] bool assign(const std::vector<MessagePtr>& batch);

    const std::unique_ptr<Account> inner_;
    const std::shared_ptr<CidPool> pool_;  ///< shared with the protocol, which reads it
    const Settings settings_;
    Outbound& outbound_;
    const Clock& clock_;
    OutcomeSink sink_;
    Guarded<State> state_;
    std::condition_variable idle_;
};

bool Core::assign(const std::vector<MessagePtr>& batch) {
    bool all = true;
    for (const auto& message : batch) all = pool_->assign(message->id, clock_.now_ms()) && all;
    return all;
}

void Core::send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) {
    // With little time left a push without a cid is better than none.
    const bool late = deadline_ms - clock_.now_ms() < fetch_time.count() + 1'000;
    if (assign(batch) || late) return inner_->send(std::move(batch), deadline_ms);
    bool first = false;
    bool stopped = false;
    {
        auto state = state_.lock();
        stopped = state->stopped;
        if (!stopped) state->waiting.push_back({std::move(batch), deadline_ms});
        first = !state->fetching && !stopped;
        if (first) state->fetching = true;
    }
    if (stopped) return inner_->send(std::move(batch), deadline_ms);
    if (first) fetch();
}

void Core::fetch() {
    OutboundRequest request = cid_request(settings_, settings_.cid_batch);
    request.timeout = std::min(request.timeout, fetch_time);
    outbound_.call(std::move(request),
                   [self = shared_from_this()](OutboundReply reply) { self->fetched(reply); });
}

void Core::fetched(const OutboundReply& reply) {
    std::vector<std::string> cids;
    if (reply.end == CallEnd::answered && reply.status == 200) cids = read_cids(reply.body);
    const bool failed = cids.empty();
    pool_->add(std::move(cids), clock_.now_ms());
    std::vector<Waiting> waiting;
    {
        auto state = state_.lock();
        waiting.swap(state->waiting);
    }
    std::vector<Waiting> short_of;
    for (auto& one : waiting) {
        // A small pool (10 for free apps) may need several fetches; near the deadline none.
        const bool late = one.deadline_ms - clock_.now_ms() < fetch_time.count() + 1'000;
        if (assign(one.batch) || failed || late) {
            inner_->send(std::move(one.batch), one.deadline_ms);
        } else {
            short_of.push_back(std::move(one));
        }
    }
    bool again = false;
    {
        auto state = state_.lock();
        for (auto& one : short_of) state->waiting.push_back(std::move(one));
        again = !state->waiting.empty() && !state->stopped;
        state->fetching = again;
        if (!again) idle_.notify_all();
    }
    if (again) fetch();
}

void Core::stop(Millis grace) {
    std::vector<Waiting> left;
    {
        auto state = state_.lock();
        state->stopped = true;
        idle_.wait_for(state.lock(), grace, [&] { return !state->fetching; });
        left.swap(state->waiting);
    }
    for (auto& one : left) {
        std::vector<Sent> sent;
        for (auto& message : one.batch) {
            Outcome outcome;
            outcome.kind = OutcomeClass::transient;
            outcome.code = "stopped";
            outcome.detail = "the account was closed before the message was sent";
            outcome.started_ms = clock_.now_ms();
            sent.push_back({std::move(message), std::move(outcome)});
        }
        sink_(std::move(sent));
    }
    inner_->stop(grace);
}

class CidAccount final : public Account {
  public:
    explicit CidAccount(std::shared_ptr<Core> core) : core_(std::move(core)) {}

    Status start(OutcomeSink sink, ReceiptSink receipts) override {
        core_->keep(sink);
        return core_->inner().start(std::move(sink), std::move(receipts));
    }
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) override {
        core_->send(std::move(batch), deadline_ms);
    }
    Result<CallbackAnswer> callback(const Callback& callback) override {
        return core_->inner().callback(callback);
    }
    void test(UniqueFunction<void(AccountTest)> done) override {
        core_->inner().test(std::move(done));
    }
    void stop(Millis grace) override { core_->stop(grace); }

  private:
    const std::shared_ptr<Core> core_;
};

}  // namespace

std::unique_ptr<Account> make_cid_account(std::unique_ptr<Account> inner,
                                          std::shared_ptr<CidPool> pool, const Settings& settings,
                                          const ProviderParts& parts) {
    return std::make_unique<CidAccount>(
        std::make_shared<Core>(std::move(inner), std::move(pool), settings, parts));
}

}  // namespace hongyan::jpush
