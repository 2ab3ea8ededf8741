// HeldChannel: for tests, a channel that keeps what it is sent until the test answers it, and notes
// how many it held at most. All members are safe from every thread.
#pragma once

#include <algorithm>
#include <mutex>
#include <vector>

#include "contract/channel.hpp"

namespace hongyan::delivery {

class HeldChannel final : public Channel {
  public:
    explicit HeldChannel(std::size_t max_in_flight, bool wants_intent = false)
        : wants_intent_(wants_intent) {
        limits_.max_in_flight = max_in_flight;
    }
    ChannelKind kind() const override { return ChannelKind::sms; }
    std::string_view provider() const override { return "held"; }
    ChannelLimits limits() const override { return limits_; }
    const ChannelShapes& shapes() const override { return shapes_; }
    std::vector<Problem> check(std::string_view, const Content&) const override { return {}; }
    bool wants_intent() const override { return wants_intent_; }
    Status start(OutcomeSink sink) override {
        sink_ = std::move(sink);
        return Done{};
    }
    void send(std::vector<MessagePtr> batch, std::int64_t) override {
        const std::lock_guard lock(mutex_);
        for (auto& message : batch) {
            sent_.push_back(message->id);
            held_.push_back(std::move(message));
        }
        most_ = std::max(most_, held_.size());
    }
    Result<std::vector<Receipt>> receipt(const Callback&) override {
        return make_error(ErrorCode::not_found, "");
    }
    void stop(Millis) override { answer(OutcomeClass::transient); }

    /// Answers the oldest of what it holds, at most count.
    void answer(OutcomeClass kind, std::size_t count = 1'000'000) {
        std::vector<Sent> answers;
        {
            const std::lock_guard lock(mutex_);
            for (std::size_t i = 0; i < count && !held_.empty(); ++i) {
                Sent one;
                one.message = std::move(held_.front());
                one.outcome.kind = kind;
                one.outcome.provider = "held";
                one.outcome.started_ms = one.message->created_ms();
                held_.erase(held_.begin());
                answers.push_back(std::move(one));
            }
        }
        if (!answers.empty()) sink_(std::move(answers));
    }
    std::size_t held() const {
        const std::lock_guard lock(mutex_);
        return held_.size();
    }
    std::size_t most() const {
        const std::lock_guard lock(mutex_);
        return most_;
    }
    /// Every message handed over so far, in order.
    std::vector<MessageId> sent() const {
        const std::lock_guard lock(mutex_);
        return sent_;
    }

  private:
    const bool wants_intent_;
    ChannelLimits limits_;
    ChannelShapes shapes_;
    OutcomeSink sink_;
    mutable std::mutex mutex_;
    // Under mutex_:
    std::vector<MessagePtr> held_;
    std::vector<MessageId> sent_;
    std::size_t most_ = 0;
};

}  // namespace hongyan::delivery
