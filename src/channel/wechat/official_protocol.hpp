// OfficialProtocol: an official account of WeChat as an HttpProtocol, for templates or for
// subscriptions. The access token is fetched and renewed by the account around it. Constant after
// construction, safe from every thread.
#pragma once

#include "channel/wechat/settings.hpp"
#include "kit/http_account.hpp"

namespace hongyan::wechat {

enum class OfficialForm { template_message, subscription };

class OfficialProtocol final : public kit::HttpProtocol {
  public:
    OfficialProtocol(OfficialSettings settings, OfficialForm form);

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    std::optional<OutboundRequest> token_request(std::int64_t now_ms) override;
    Result<kit::Token> read_token(const OutboundReply& reply) override;
    Result<CallbackAnswer> callback(const Callback& callback, std::int64_t now_ms) override;

  private:
    [[nodiscard]] OutboundRequest call(std::string method, std::string path_and_query) const;

    const OfficialSettings settings_;
    const OfficialForm form_;
    const std::string endpoint_;  ///< without a slash at its end
};

}  // namespace hongyan::wechat
