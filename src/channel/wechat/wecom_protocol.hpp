// WecomProtocol: an application of WeCom as an HttpProtocol. The body of a message is the same for
// each of its attempts, byte by byte, because WeCom recognises repeats by that. Constant after
// construction, safe from every thread.
#pragma once

#include "channel/wechat/settings.hpp"
#include "kit/http_account.hpp"

namespace hongyan::wechat {

class WecomProtocol final : public kit::HttpProtocol {
  public:
    explicit WecomProtocol(WecomSettings settings);

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    std::optional<OutboundRequest> token_request(std::int64_t now_ms) override;
    Result<kit::Token> read_token(const OutboundReply& reply) override;
    /// WeCom gives no receipts, but it will not call an application trustworthy before its URL has
    /// answered; events are taken and thrown away.
    Result<CallbackAnswer> callback(const Callback& callback, std::int64_t now_ms) override;

  private:
    [[nodiscard]] OutboundRequest call(std::string method, std::string path_and_query) const;

    const WecomSettings settings_;
    const std::string endpoint_;  ///< without a slash at its end
};

}  // namespace hongyan::wechat
