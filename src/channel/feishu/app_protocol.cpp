#include "channel/feishu/app_protocol.hpp"

#include "base/text.hpp"
#include "channel/feishu/address.hpp"
#include "channel/feishu/compose.hpp"
#include "channel/feishu/event.hpp"
#include "channel/feishu/outcome.hpp"
#include "kit/described.hpp"

namespace hongyan::feishu {
namespace {

using shape::field;

struct TokenAnswer {
    std::int64_t code = -1;
    std::string msg;
    std::string tenant_access_token;
    std::int64_t expire = 0;
};

const shape::Object& describe(shape::Tag<TokenAnswer>) {
    static const shape::Object object =
        shape::object<TokenAnswer>(
            "FeishuTokenAnswer", "The answer to the request of a token.",
            field("code", &TokenAnswer::code, "0 is success.").required(),
            field("msg", &TokenAnswer::msg, "What happened."),
            field("tenant_access_token", &TokenAnswer::tenant_access_token, "The token."),
            field("expire", &TokenAnswer::expire, "Its life in seconds."))
            .open();
    return object;
}

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

Status check_size(const Composed& made, const AppSettings& settings) {
    const std::int64_t most =
        made.type == "text" ? settings.max_text_bytes : settings.max_card_bytes;
    if (made.content.size() <= static_cast<std::size_t>(most)) return Done{};
    return make_error(ErrorCode::content_invalid,
                      "The content has " + std::to_string(made.content.size()) +
                          " bytes; a message of this form may have " + std::to_string(most) + ".");
}

}  // namespace

AppProtocol::AppProtocol(AppSettings settings)
    : settings_(std::move(settings)), endpoint_(without_slash(settings_.endpoint)) {}

OutboundRequest AppProtocol::post(std::string_view path, std::string body) const {
    OutboundRequest request;
    request.url = endpoint_ + std::string(path);
    request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    request.body = std::move(body);
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    return request;
}

Result<OutboundRequest> AppProtocol::request(const Message& message,
                                             const kit::SendContext& context) {
    const auto address = read_address(message.recipient);
    if (!address) {
        return make_error(ErrorCode::recipient_invalid, "The recipient is no id of Feishu's.");
    }
    auto options = kit::read_described<Options>(kit::options_section(message.options, "feishu"),
                                                "$.options.feishu");
    if (!options) return options.error();
    const Content content{message.subject, message.content, message.html};
    const Composed made = compose(content, *options);
    if (auto status = check_size(made, settings_); !status) return status.error();
    OutboundRequest request = post("/open-apis/im/v1/messages?receive_id_type=" + address->id_type,
                                   app_body(made, address->id, kit::message_token(message)));
    request.headers.emplace_back("Authorization", "Bearer " + context.token);
    return request;
}

Outcome AppProtocol::judge(const Message&, const OutboundReply& reply) { return judge_app(reply); }

std::optional<OutboundRequest> AppProtocol::token_request(std::int64_t) {
    return post("/open-apis/auth/v3/tenant_access_token/internal",
                R"({"app_id":)" + json_quoted(settings_.app_id) + R"(,"app_secret":)" +
                    json_quoted(settings_.app_secret) + "}");
}

Result<kit::Token> AppProtocol::read_token(const OutboundReply& reply) {
    const auto answer = shape::read<TokenAnswer>(reply.body);
    const std::string status = "HTTP " + std::to_string(reply.status);
    if (!answer) {
        const bool refused = kit::class_of_status(reply.status) == OutcomeClass::configuration;
        return make_error(refused ? ErrorCode::config_invalid : ErrorCode::unavailable,
                          "The token's answer cannot be read (" + status + ").");
    }
    if (answer->code == 0 && !answer->tenant_access_token.empty() && answer->expire > 0) {
        return kit::Token{answer->tenant_access_token, Millis(answer->expire * 1000)};
    }
    // Only what is said of the credentials stops the account; any other trouble may pass.
    const std::int64_t code = answer->code;
    const bool refused = code == 10003 || code == 10014 || code == 99991543;
    return make_error(refused ? ErrorCode::config_invalid : ErrorCode::unavailable,
                      "No token: " + std::to_string(code) + " " + answer->msg);
}

Result<CallbackAnswer> AppProtocol::callback(const Callback& callback, std::int64_t now_ms) {
    return read_event(callback, settings_, now_ms);
}

}  // namespace hongyan::feishu
