// TencentProtocol: a message as a signed SendSms call, an answer as an outcome, a push as receipts.
// Made once for each account; holds nothing that changes, so it is safe from every thread.
#pragma once

#include "channel/tencent/settings.hpp"
#include "channel/tencent/signature.hpp"
#include "kit/http_account.hpp"

namespace hongyan::tencent {

class TencentProtocol final : public kit::HttpProtocol {
  public:
    explicit TencentProtocol(Settings settings);

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    Result<CallbackAnswer> callback(const Callback& callback, std::int64_t now_ms) override;
    /// SendStatusStatistics of the last hour: proves key, clock and application, and sends nothing.
    std::optional<OutboundRequest> query_request(const Message& message,
                                                 const kit::SendContext& context) override;
    std::optional<Outcome> judge_query(const Message& message, const OutboundReply& reply) override;
    std::optional<OutboundRequest> test_request(const kit::SendContext& context) override;
    AccountTest judge_test(const OutboundReply& reply) override;

  private:
    [[nodiscard]] OutboundRequest signed_call(std::string action, std::string body,
                                              std::int64_t now_ms) const;

    const Settings settings_;
    const Endpoint endpoint_;
};

}  // namespace hongyan::tencent
