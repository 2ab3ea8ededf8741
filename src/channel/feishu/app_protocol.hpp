// AppProtocol: a Feishu application's bot as an HttpProtocol. The tenant access token is fetched
// and renewed by the account around it; a message's uuid makes repeats within an hour harmless.
// Constant after construction, safe from every thread.
#pragma once

#include "channel/feishu/settings.hpp"
#include "kit/http_account.hpp"

namespace hongyan::feishu {

class AppProtocol final : public kit::HttpProtocol {
  public:
    explicit AppProtocol(AppSettings settings);

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    std::optional<OutboundRequest> token_request(std::int64_t now_ms) override;
    Result<kit::Token> read_token(const OutboundReply& reply) override;
    Result<CallbackAnswer> callback(const Callback& callback, std::int64_t now_ms) override;

  private:
    [[nodiscard]] OutboundRequest post(std::string_view path, std::string body) const;

    const AppSettings settings_;
    const std::string endpoint_;  ///< without a slash at its end
};

}  // namespace hongyan::feishu
