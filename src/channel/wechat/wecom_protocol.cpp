#include "channel/wechat/wecom_protocol.hpp"

#include "base/signing.hpp"
#include "channel/wechat/address.hpp"
#include "channel/wechat/callback.hpp"
#include "channel/wechat/outcome.hpp"
#include "channel/wechat/wecom_body.hpp"
#include "kit/described.hpp"

namespace hongyan::wechat {
namespace {

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

}  // namespace

WecomProtocol::WecomProtocol(WecomSettings settings)
    : settings_(std::move(settings)), endpoint_(without_slash(settings_.endpoint)) {}

OutboundRequest WecomProtocol::call(std::string method, std::string path_and_query) const {
    OutboundRequest request;
    request.method = std::move(method);
    request.url = endpoint_ + std::move(path_and_query);
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    return request;
}

Result<OutboundRequest> WecomProtocol::request(const Message& message,
                                               const kit::SendContext& context) {
    const auto target = read_wecom_target(message.recipient);
    if (!target) return make_error(ErrorCode::recipient_invalid, "The recipient is not WeCom's.");
    auto options = kit::read_described<WecomOptions>(kit::options_section(message.options, "wecom"),
                                                     "$.options.wecom");
    if (!options) return options.error();
    auto body = wecom_body(message, *target, *options, settings_);
    if (!body) return body.error();
    OutboundRequest request =
        call("POST", "/cgi-bin/message/send?access_token=" + percent_encoded(context.token));
    request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    request.body = std::move(*body);
    return request;
}

Outcome WecomProtocol::judge(const Message& message, const OutboundReply& reply) {
    const auto target = read_wecom_target(message.recipient);
    return judge_wecom(reply, target && target->is_one_user());
}

std::optional<OutboundRequest> WecomProtocol::token_request(std::int64_t) {
    return call("GET", "/cgi-bin/gettoken?corpid=" + percent_encoded(settings_.corpid) +
                           "&corpsecret=" + percent_encoded(settings_.corpsecret));
}

Result<kit::Token> WecomProtocol::read_token(const OutboundReply& reply) {
    return read_access_token(reply);
}

Result<CallbackAnswer> WecomProtocol::callback(const Callback& callback, std::int64_t now_ms) {
    // WeCom has no events in clear: without a key there is nothing that could be verified.
    if (settings_.encoding_aes_key.empty()) {
        return make_error(ErrorCode::unauthorized, "The account has no encoding_aes_key.");
    }
    const CallbackKeys keys{.token = settings_.callback_token,
                            .encoding_aes_key = settings_.encoding_aes_key,
                            .previous_encoding_aes_key = settings_.previous_encoding_aes_key,
                            .receiver_id = settings_.corpid,
                            .tolerance_s = settings_.callback_tolerance_s,
                            .echo_encrypted = true};
    return read_callback(callback, keys, now_ms);
}

}  // namespace hongyan::wechat
