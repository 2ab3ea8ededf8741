// SandboxChannel: a channel of any kind that delivers into the Sandbox instead of to a provider. It
// checks recipients and content by the same rules as a real one would (rules.hpp). Without latency
// the outcomes come through the sink before send() returns; with it, from a timer thread of its own
// that starts with the first delayed message. Thread-safe as Channel says.
#pragma once

#include <memory>

#include "channel/sandbox/sandbox.hpp"
#include "contract/channel.hpp"

namespace hongyan::sandbox {

class Delay;

class SandboxChannel final : public Channel {
  public:
    /// sandbox must outlive the channel.
    SandboxChannel(ChannelKind kind, Sandbox& sandbox);
    ~SandboxChannel() override;

    [[nodiscard]] ChannelKind kind() const override { return kind_; }
    [[nodiscard]] std::string_view provider() const override { return "sandbox"; }
    [[nodiscard]] ChannelLimits limits() const override;
    [[nodiscard]] const ChannelShapes& shapes() const override { return shapes_; }
    [[nodiscard]] std::vector<Problem> check(std::string_view recipient,
                                             const Content& content) const override;
    [[nodiscard]] bool wants_intent() const override { return false; }
    Status start(OutcomeSink sink) override;
    /// deadline_ms is wall time; an answer that would come later is reported as unknown at that
    /// time. 0 = none.
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) override;
    Result<std::vector<Receipt>> receipt(const Callback& callback) override;
    /// What has not been answered after grace is reported as transient: it did not arrive.
    void stop(Millis grace) override;

  private:
    void give_up(std::vector<Sent> rest);

    const ChannelKind kind_;
    Sandbox& sandbox_;
    const ChannelShapes shapes_;
    OutcomeSink sink_;
    std::unique_ptr<Delay> delay_;
};

}  // namespace hongyan::sandbox
