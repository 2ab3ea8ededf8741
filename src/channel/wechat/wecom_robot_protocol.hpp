// WecomRobotProtocol: the robot of a WeCom group as an HttpProtocol. Its address is its secret;
// there is no signature, no idempotency and no receipt. Constant after construction, safe from
// every thread.
#pragma once

#include "channel/wechat/settings.hpp"
#include "kit/http_account.hpp"

namespace hongyan::wechat {

class WecomRobotProtocol final : public kit::HttpProtocol {
  public:
    explicit WecomRobotProtocol(WecomRobotSettings settings) : settings_(std::move(settings)) {}

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    /// An empty message: it is refused for that, after the key was found.
    std::optional<OutboundRequest> test_request(const kit::SendContext& context) override;
    AccountTest judge_test(const OutboundReply& reply) override;

  private:
    [[nodiscard]] OutboundRequest post(std::string body) const;

    const WecomRobotSettings settings_;
};

}  // namespace hongyan::wechat
