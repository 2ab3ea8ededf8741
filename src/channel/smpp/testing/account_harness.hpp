// For tests: one SMPP account opened through its provider, with what came out of it gathered. All
// waits have an end. Used from one thread; the account's own thread fills it.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "channel/smpp/provider.hpp"

namespace hongyan::smpp::testing {

/// SMPP makes no HTTP calls.
class NoOutbound final : public Outbound {
  public:
    void call(OutboundRequest, OutboundDone) override { HY_ASSERT(false); }
};

class AccountHarness {
  public:
    explicit AccountHarness(const std::string& settings, LogLevel level = LogLevel::error)
        : AccountHarness(settings, own_provider(), nullptr, level) {}
    /// A further account of a provider, or one that may not lead everywhere.
    AccountHarness(const std::string& settings, std::shared_ptr<Provider> provider,
                   const NetworkList* allowed, LogLevel level = LogLevel::error)
        : log_(level), provider_(std::move(provider)) {
        auto opened = provider_->open({7, 1, "test", settings}, {outbound_, clock_, log_, allowed});
        if (!opened) {
            problem_ = opened.error().detail;
            return;
        }
        account_ = std::move(*opened);
    }
    ~AccountHarness() { account_.reset(); }

    void start() {
        HY_ASSERT(account_ != nullptr);
        const auto started = account_->start(
            [this](std::vector<Sent> sent) {
                const std::lock_guard lock(mutex_);
                for (auto& one : sent) sent_.push_back(std::move(one));
                changed_.notify_all();
            },
            [this](std::vector<Receipt> receipts, UniqueFunction<void(bool)> stored) {
                bool keep = true;
                {
                    const std::lock_guard lock(mutex_);
                    keep = refuse_receipts_ == 0;
                    if (!keep) --refuse_receipts_;
                    for (auto& one : receipts) {
                        if (keep) receipts_.push_back(std::move(one));
                    }
                    changed_.notify_all();
                }
                stored(keep);
            });
        HY_ASSERT(started.ok());
    }

    MessageId send(std::string recipient, std::string content, std::string options = {},
                   Millis patience = Millis(20'000)) {
        auto message = std::make_unique<Message>();
        message->id = ++last_id_;
        message->recipient = std::move(recipient);
        message->content = std::move(content);
        message->options = std::move(options);
        std::vector<MessagePtr> batch;
        batch.push_back(std::move(message));
        account_->send(std::move(batch), clock_.now_ms() + patience.count());
        return last_id_;
    }

    /// True when condition holds; looked at after each event, for ten seconds.
    bool wait(const std::function<bool(const AccountHarness&)>& condition,
              std::chrono::seconds patience = std::chrono::seconds(10)) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return condition(*this); });
    }
    bool wait_sent(std::size_t count) {
        return wait([count](const auto& h) { return h.sent_.size() >= count; });
    }
    bool wait_receipts(std::size_t count) {
        return wait([count](const auto& h) { return h.receipts_.size() >= count; });
    }

    /// The outcome of a message; it must have come.
    Outcome outcome(MessageId id) {
        const std::lock_guard lock(mutex_);
        for (const auto& one : sent_) {
            if (one.message->id == id) return one.outcome;
        }
        HY_ASSERT(!"there is no outcome");
        return {};
    }
    std::vector<Receipt> receipts() {
        const std::lock_guard lock(mutex_);
        return {receipts_.begin(), receipts_.end()};
    }
    std::size_t count(OutcomeClass kind) {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(
            std::count_if(sent_.begin(), sent_.end(),
                          [kind](const Sent& one) { return one.outcome.kind == kind; }));
    }
    std::size_t sent_count() {
        const std::lock_guard lock(mutex_);
        return sent_.size();
    }
    void refuse_receipts(int times) {
        const std::lock_guard lock(mutex_);
        refuse_receipts_ = times;
    }
    AccountTest test() {
        auto found = std::make_shared<std::optional<AccountTest>>();
        account_->test([this, found](AccountTest result) {
            const std::lock_guard lock(mutex_);
            *found = std::move(result);
            changed_.notify_all();
        });
        (void)wait([&found](const auto&) { return found->has_value(); });
        const std::lock_guard lock(mutex_);
        return found->value_or(AccountTest{false, "no answer", 0});
    }

    [[nodiscard]] Account& account() { return *account_; }
    [[nodiscard]] Provider& provider() { return *provider_; }
    /// Shared between the accounts of one test.
    [[nodiscard]] std::shared_ptr<Provider> shared_provider() { return provider_; }
    static std::shared_ptr<Provider> own_provider() {
        ProviderList list;
        add_providers(list);
        return std::move(list.front());
    }
    [[nodiscard]] const std::string& problem() const { return problem_; }
    [[nodiscard]] const Clock& clock() const { return clock_; }

  private:
    SystemClock clock_;
    Log log_;
    NoOutbound outbound_;
    std::shared_ptr<Provider> provider_;
    std::string problem_;
    MessageId last_id_ = 1'000;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Sent> sent_;
    std::deque<Receipt> receipts_;
    int refuse_receipts_ = 0;
    std::unique_ptr<Account> account_;  ///< last: its thread ends before the rest goes
};

}  // namespace hongyan::smpp::testing
