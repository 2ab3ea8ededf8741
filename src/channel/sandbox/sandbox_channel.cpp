#include "channel/sandbox/sandbox_channel.hpp"

#include "base/assert.hpp"
#include "channel/sandbox/delay.hpp"
#include "channel/sandbox/rules.hpp"
#include "channel/sandbox/steering.hpp"

namespace hongyan::sandbox {
namespace {

/// When the answer comes; an answer after the deadline never comes, and that is known at the
/// deadline.
Delay::Item delayed(Sent sent, int delay_ms, std::int64_t deadline_ms, const Clock& clock) {
    std::int64_t wait_ms = delay_ms;
    if (deadline_ms != 0 && sent.outcome.started_ms + delay_ms > deadline_ms) {
        wait_ms = std::max<std::int64_t>(0, deadline_ms - sent.outcome.started_ms);
        sent.outcome.kind = OutcomeClass::unknown;
        sent.outcome.detail = "the sandbox did not answer before the deadline";
    }
    sent.outcome.duration_us = wait_ms * 1000;
    return {clock.steady_us() + wait_ms * 1000, std::move(sent)};
}

}  // namespace

SandboxChannel::SandboxChannel(ChannelKind kind, Sandbox& sandbox)
    : kind_(kind), sandbox_(sandbox), shapes_(shapes_of(rule_of(kind))) {}

SandboxChannel::~SandboxChannel() { stop(Millis(0)); }

ChannelLimits SandboxChannel::limits() const { return limits_of(rule_of(kind_)); }

std::vector<Problem> SandboxChannel::check(std::string_view recipient,
                                           const Content& content) const {
    return check_by(rule_of(kind_), recipient, content);
}

Status SandboxChannel::start(OutcomeSink sink) {
    HY_ASSERT(sink && !sink_);
    sink_ = std::move(sink);
    delay_ = std::make_unique<Delay>(sandbox_.clock(), [this](std::vector<Sent> due) {
        sandbox_.settle(due);
        sink_(std::move(due));
    });
    return Done{};
}

void SandboxChannel::send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) {
    HY_ASSERT(sink_ != nullptr);
    const Clock& clock = sandbox_.clock();
    const std::int64_t started_ms = clock.now_ms();
    const std::int64_t started_us = clock.steady_us();
    std::vector<Sent> now;
    std::vector<Delay::Item> later;
    now.reserve(batch.size());
    for (MessagePtr& message : batch) {
        const int delay_ms = delay_ms_of(*message, sandbox_.options());
        Sent sent{std::move(message), {}};
        sent.outcome.started_ms = started_ms;
        if (delay_ms == 0) {
            now.push_back(std::move(sent));
        } else {
            later.push_back(delayed(std::move(sent), delay_ms, deadline_ms, clock));
        }
    }
    if (!delay_->add(later)) {
        std::vector<Sent> refused;
        for (Delay::Item& item : later) refused.push_back(std::move(item.sent));
        give_up(std::move(refused));
    }
    if (now.empty()) return;
    sandbox_.settle(now);
    const std::int64_t each_us =
        (clock.steady_us() - started_us) / static_cast<std::int64_t>(now.size());
    for (Sent& sent : now) sent.outcome.duration_us = each_us;
    sink_(std::move(now));
}

Result<std::vector<Receipt>> SandboxChannel::receipt(const Callback&) {
    return make_error(ErrorCode::not_found, "the sandbox sends no receipts");
}

void SandboxChannel::give_up(std::vector<Sent> rest) {
    if (rest.empty()) return;
    for (Sent& sent : rest) {
        sent.outcome.kind = OutcomeClass::transient;
        sent.outcome.provider = "sandbox";
        sent.outcome.detail = "the sandbox stopped before this message arrived";
    }
    sink_(std::move(rest));
}

void SandboxChannel::stop(Millis grace) {
    if (delay_ != nullptr) give_up(delay_->stop(grace));
}

}  // namespace hongyan::sandbox
