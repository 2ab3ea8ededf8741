// RobotProtocol: a Feishu group's custom robot as an HttpProtocol. Each request is signed with the
// time of its own attempt; there is neither a token nor an idempotency key nor a receipt. Constant
// after construction, safe from every thread.
#pragma once

#include "channel/feishu/settings.hpp"
#include "kit/http_account.hpp"

namespace hongyan::feishu {

class RobotProtocol final : public kit::HttpProtocol {
  public:
    explicit RobotProtocol(RobotSettings settings) : settings_(std::move(settings)) {}

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    /// A signed request without a message: it is refused for that, after key and signature passed.
    std::optional<OutboundRequest> test_request(const kit::SendContext& context) override;
    AccountTest judge_test(const OutboundReply& reply) override;

  private:
    [[nodiscard]] OutboundRequest post(std::string body) const;

    const RobotSettings settings_;
};

}  // namespace hongyan::feishu
