#include "channel/wechat/official_protocol.hpp"

#include "base/signing.hpp"
#include "base/text.hpp"
#include "channel/wechat/address.hpp"
#include "channel/wechat/callback.hpp"
#include "channel/wechat/outcome.hpp"
#include "kit/described.hpp"

namespace hongyan::wechat {
namespace {

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

/// What templates and subscriptions have in common, after touser.
template <class Options>
std::string common_json(const Options& options) {
    std::string json = R"(,"template_id":)" + json_quoted(options.template_id);
    if (options.miniprogram) json += R"(,"miniprogram":)" + shape::write(*options.miniprogram);
    json += R"(,"data":{)";
    bool first = true;
    for (const auto& [name, value] : options.data) {
        json += (first ? "" : ",") + json_quoted(name) + ":" + shape::write(value);
        first = false;
    }
    return json + "}";
}

std::string member(std::string_view name, const std::string& value) {
    if (value.empty()) return "";
    return "," + json_quoted(name) + ":" + json_quoted(value);
}

Result<std::string> template_body(const Message& message, const std::string& openid) {
    auto options = kit::read_described<TemplateOptions>(
        kit::options_section(message.options, "wechat"), "$.options.wechat");
    if (!options) return options.error();
    return R"({"touser":)" + json_quoted(openid) + common_json(*options) +
           member("url", options->url) + member("client_msg_id", kit::message_token(message)) + "}";
}

Result<std::string> subscription_body(const Message& message, const std::string& openid) {
    auto options = kit::read_described<SubscribeOptions>(
        kit::options_section(message.options, "wechat_subscribe"), "$.options.wechat_subscribe");
    if (!options) return options.error();
    return R"({"touser":)" + json_quoted(openid) + common_json(*options) +
           member("page", options->page) + "}";
}

}  // namespace

OfficialProtocol::OfficialProtocol(OfficialSettings settings, OfficialForm form)
    : settings_(std::move(settings)), form_(form), endpoint_(without_slash(settings_.endpoint)) {}

OutboundRequest OfficialProtocol::call(std::string method, std::string path_and_query) const {
    OutboundRequest request;
    request.method = std::move(method);
    request.url = endpoint_ + std::move(path_and_query);
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    return request;
}

Result<OutboundRequest> OfficialProtocol::request(const Message& message,
                                                  const kit::SendContext& context) {
    const auto openid = read_openid(message.recipient);
    if (!openid) return make_error(ErrorCode::recipient_invalid, "The recipient is no openid.");
    const bool by_template = form_ == OfficialForm::template_message;
    auto body = by_template ? template_body(message, *openid) : subscription_body(message, *openid);
    if (!body) return body.error();
    const std::string path =
        by_template ? "/cgi-bin/message/template/send" : "/cgi-bin/message/subscribe/bizsend";
    OutboundRequest request =
        call("POST", path + "?access_token=" + percent_encoded(context.token));
    request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    request.body = std::move(*body);
    return request;
}

Outcome OfficialProtocol::judge(const Message& message, const OutboundReply& reply) {
    const bool repeat = form_ == OfficialForm::template_message && message.unknown_on != 0;
    return judge_official(reply, repeat);
}

std::optional<OutboundRequest> OfficialProtocol::token_request(std::int64_t) {
    if (settings_.token_mode == "legacy") {
        return call("GET", "/cgi-bin/token?grant_type=client_credential&appid=" +
                               percent_encoded(settings_.appid) +
                               "&secret=" + percent_encoded(settings_.secret));
    }
    OutboundRequest request = call("POST", "/cgi-bin/stable_token");
    request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    request.body = R"({"grant_type":"client_credential","appid":)" + json_quoted(settings_.appid) +
                   R"(,"secret":)" + json_quoted(settings_.secret) + R"(,"force_refresh":false})";
    return request;
}

Result<kit::Token> OfficialProtocol::read_token(const OutboundReply& reply) {
    return read_access_token(reply);
}

Result<CallbackAnswer> OfficialProtocol::callback(const Callback& callback, std::int64_t now_ms) {
    const CallbackKeys keys{.token = settings_.callback_token,
                            .encoding_aes_key = settings_.encoding_aes_key,
                            .previous_encoding_aes_key = settings_.previous_encoding_aes_key,
                            .receiver_id = settings_.appid,
                            .tolerance_s = settings_.callback_tolerance_s};
    return read_callback(callback, keys, now_ms);
}

}  // namespace hongyan::wechat
