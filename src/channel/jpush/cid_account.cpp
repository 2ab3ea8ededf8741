#include "channel/jpush/cid_account.hpp"

#include <algorithm>

#include "channel/jpush/cid_pool.hpp"
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
    bool fetching = false;    ///< also while what waited is handed on
    std::size_t keeping = 0;  ///< batches whose cids are on their way to the disk
    bool stopped = false;
    bool over = false;  ///< stop() has returned: nobody is told anything any more
};

/// Shared with the fetch under way, which may end after the account is gone.
class Core : public std::enable_shared_from_this<Core> {
  public:
    Core(std::unique_ptr<Account> inner, std::int64_t account_id, Settings settings,
         const ProviderParts& parts)
        : inner_(std::move(inner)),
          account_id_(account_id),
          settings_(std::move(settings)),
          parts_(parts) {}

    Account& inner() { return *inner_; }
    void keep(OutcomeSink sink) { sink_ = std::move(sink); }
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms);
    void stop(Millis grace);

  private:
    void fetch();
    void fetched(const OutboundReply& reply);
    [[nodiscard]] bool assign(std::vector<MessagePtr>& batch);
    void store(std::vector<MessagePtr> batch, std::int64_t deadline_ms);
    void stored(std::vector<MessagePtr> batch, std::int64_t deadline_ms, bool is_stored);
    void give_back(std::vector<MessagePtr> batch, const char* code, const char* detail);

    const std::unique_ptr<Account> inner_;
    const std::int64_t account_id_;
    const Settings settings_;
    const ProviderParts parts_;
    CidPool pool_;
    OutcomeSink sink_;
    Guarded<State> state_;
    std::condition_variable idle_;
};

/// True if every message has a cid that still holds: its own of an earlier attempt, or a new one.
bool Core::assign(std::vector<MessagePtr>& batch) {
    const auto now = parts_.clock.now_ms();
    for (auto& message : batch) {
        const bool has_own = message->provider_token_account == account_id_ &&
                             !message->provider_token.empty() &&
                             message->provider_token_ms >= now - cid_life_ms;
        if (has_own) continue;
        auto cid = pool_.take(now);
        message->provider_token = cid ? std::move(cid->text) : "";
        message->provider_token_account = cid ? account_id_ : 0;
        message->provider_token_ms = cid ? cid->given_ms : 0;
    }
    return std::none_of(batch.begin(), batch.end(),
                        [](const MessagePtr& m) { return m->provider_token.empty(); });
}

void Core::send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) {
    // With little time left a push without a cid is better than none.
    const bool late = deadline_ms - parts_.clock.now_ms() < fetch_time.count() + 1'000;
    if (assign(batch) || late) return store(std::move(batch), deadline_ms);
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

/// The cids go to the disk before the pushes go out. Those of earlier attempts are written once
/// more, which changes nothing.
void Core::store(std::vector<MessagePtr> batch, std::int64_t deadline_ms) {
    std::vector<TokenStore::Given> tokens;
    for (const auto& message : batch) {
        if (!message->provider_token.empty())
            tokens.push_back({message->id, message->provider_token, message->provider_token_ms});
    }
    if (parts_.tokens == nullptr || tokens.empty())
        return inner_->send(std::move(batch), deadline_ms);
    ++state_.lock()->keeping;
    parts_.tokens->keep(
        account_id_, std::move(tokens),
        [self = shared_from_this(), batch = std::move(batch), deadline_ms](bool is_stored) mutable {
            self->stored(std::move(batch), deadline_ms, is_stored);
        });
}

void Core::stored(std::vector<MessagePtr> batch, std::int64_t deadline_ms, bool is_stored) {
    if (state_.lock()->over) return;  // the next start finds them under way
    if (is_stored)
        inner_->send(std::move(batch), deadline_ms);
    else
        give_back(std::move(batch), "not_stored",
                  "the cid could not be stored, so it was not sent");
    auto state = state_.lock();
    --state->keeping;
    idle_.notify_all();
}

void Core::fetch() {
    OutboundRequest request = cid_request(settings_, settings_.cid_batch);
    request.timeout = std::min(request.timeout, fetch_time);
    parts_.outbound.call(std::move(request), [self = shared_from_this()](OutboundReply reply) {
        self->fetched(reply);
    });
}

void Core::fetched(const OutboundReply& reply) {
    std::vector<std::string> cids;
    if (reply.end == CallEnd::answered && reply.status == 200) cids = read_cids(reply.body);
    const bool failed = cids.empty();
    pool_.add(std::move(cids), parts_.clock.now_ms());
    std::vector<Waiting> waiting;
    {
        auto state = state_.lock();
        waiting.swap(state->waiting);
    }
    std::vector<Waiting> short_of;
    for (auto& one : waiting) {
        // A small pool (10 for free apps) may need several fetches; near the deadline none.
        const bool late = one.deadline_ms - parts_.clock.now_ms() < fetch_time.count() + 1'000;
        if (assign(one.batch) || failed || late) {
            store(std::move(one.batch), one.deadline_ms);
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
        idle_.wait_for(state.lock(), grace,
                       [&] { return !state->fetching && state->keeping == 0; });
        left.swap(state->waiting);
    }
    for (auto& one : left)
        give_back(std::move(one.batch), "stopped",
                  "the account was closed before the message was sent");
    inner_->stop(grace);
    state_.lock()->over = true;
}

void Core::give_back(std::vector<MessagePtr> batch, const char* code, const char* detail) {
    std::vector<Sent> sent;
    for (auto& message : batch) {
        Outcome outcome;
        outcome.kind = OutcomeClass::transient;
        outcome.code = code;
        outcome.detail = detail;
        outcome.started_ms = parts_.clock.now_ms();
        sent.push_back({std::move(message), std::move(outcome)});
    }
    sink_(std::move(sent));
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

std::unique_ptr<Account> make_cid_account(std::unique_ptr<Account> inner, std::int64_t account_id,
                                          const Settings& settings, const ProviderParts& parts) {
    return std::make_unique<CidAccount>(
        std::make_shared<Core>(std::move(inner), account_id, settings, parts));
}

}  // namespace hongyan::jpush
