// TwilioProtocol: a message as a form, an answer as an outcome, a signed callback as a receipt.
// Made once for each account; holds nothing that changes, so it is safe from every thread.
#pragma once

#include "channel/twilio/settings.hpp"
#include "channel/twilio/url.hpp"
#include "kit/http_account.hpp"

namespace hongyan::twilio {

class TwilioProtocol final : public kit::HttpProtocol {
  public:
    /// account_name ends the callbacks' URL where the settings give only its beginning.
    TwilioProtocol(Settings settings, std::string_view account_name);

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    Result<CallbackAnswer> callback(const Callback& callback, std::int64_t now_ms) override;
    /// The account itself: proves the credentials and tells whether it is active.
    std::optional<OutboundRequest> test_request(const kit::SendContext& context) override;
    AccountTest judge_test(const OutboundReply& reply) override;

  private:
    [[nodiscard]] OutboundRequest call(std::string method, std::string_view path) const;
    [[nodiscard]] bool is_genuine(const Callback& callback, const Form& signed_fields) const;

    const Settings settings_;
    const std::string account_path_;         ///< ".../2010-04-01/Accounts/AC..."
    const std::string public_callback_url_;  ///< "" = no receipts
};

}  // namespace hongyan::twilio
