// WebhookProtocol: signed webhooks as an HttpProtocol. The id of a message is the same in all its
// attempts, so that the receiver can drop repeats; time stamp and signature are new each time.
// Constant after construction, safe from every thread.
#pragma once

#include "channel/webhook/settings.hpp"
#include "kit/http_account.hpp"

namespace hongyan::webhook {

class WebhookProtocol final : public kit::HttpProtocol {
  public:
    explicit WebhookProtocol(Settings settings);

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    Outcome judge_lost(const Message& message, const OutboundReply& reply) override;
    /// Asks for the base_url's headers; there is nothing to try without one.
    std::optional<OutboundRequest> test_request(const kit::SendContext& context) override;
    AccountTest judge_test(const OutboundReply& reply) override;

  private:
    [[nodiscard]] OutboundRequest call(std::string method, std::string url) const;

    const Settings settings_;
    const std::vector<std::string> secrets_;  ///< all that sign, the newest first
};

}  // namespace hongyan::webhook
