#include "channel/webhook/protocol.hpp"

#include "base/text.hpp"
#include "channel/webhook/target.hpp"
#include "kit/described.hpp"
#include "kit/standard_webhooks.hpp"

namespace hongyan::webhook {
namespace {

std::vector<std::string> signing_secrets(const Settings& settings) {
    std::vector<std::string> secrets;
    for (const std::string& secret :
         {settings.secret, settings.previous_secret, settings.signing_key}) {
        if (!secret.empty()) secrets.push_back(secret);
    }
    return secrets;
}

std::string data_json(const Message& message, const std::string& id) {
    std::string json = R"({"message_id":)" + json_quoted(id);
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) json += "," + json_quoted(name) + ":" + json_quoted(value);
    };
    add("subject", message.subject);
    add("content", message.content);
    add("html", message.html);
    if (!message.metadata.empty()) json += R"(,"metadata":)" + message.metadata;
    return json + "}";
}

/// The same bytes in every attempt: the time is that of the message, not of the attempt.
std::string body_of(const Message& message, const std::string& id, const std::string& type,
                    const std::string& data) {
    return R"({"type":)" + json_quoted(type) + R"(,"timestamp":)" +
           json_quoted(format_rfc3339(message.created_ms())) + R"(,"data":)" +
           (data.empty() ? data_json(message, id) : data) + "}";
}

bool wants_pause(int status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
}

/// Every address is another receiver, so an answer says something of the account only if all go to
/// the one behind base_url. What is neither success nor a clear "never" is tried again: receivers
/// are mended, moved and taken down for an hour, whatever status they show meanwhile.
OutcomeClass class_of(int status, bool one_receiver) {
    if (status >= 200 && status < 300) return OutcomeClass::accepted;
    if (status == 410) return OutcomeClass::recipient_permanent;
    if (status == 413) return OutcomeClass::message_permanent;
    if (status == 429) return one_receiver ? OutcomeClass::rate_limited : OutcomeClass::quota;
    return OutcomeClass::transient;
}

}  // namespace

WebhookProtocol::WebhookProtocol(Settings settings)
    : settings_(std::move(settings)), secrets_(signing_secrets(settings_)) {}

OutboundRequest WebhookProtocol::call(std::string method, std::string url) const {
    OutboundRequest request;
    request.method = std::move(method);
    request.url = std::move(url);
    request.trust = settings_.trusted ? UrlTrust::operators : UrlTrust::users;
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.max_reply_bytes = 64 * 1024;
    request.cut_reply = true;  // what a receiver says beside its status matters to nobody
    request.ca_file = settings_.ca_file;
    if (!settings_.authorization.empty()) {
        request.headers.emplace_back("Authorization", settings_.authorization);
    }
    return request;
}

Result<OutboundRequest> WebhookProtocol::request(const Message& message,
                                                 const kit::SendContext& context) {
    if (auto trouble = check_recipient(message.recipient)) {
        return make_error(ErrorCode::recipient_invalid, "The recipient " + *trouble + ".");
    }
    std::string url = target_url(message.recipient, settings_.base_url);
    if (url.empty()) {
        return make_error(ErrorCode::recipient_invalid,
                          "The recipient is a path, and the account has no base_url.");
    }
    auto options = kit::read_described<Options>(kit::options_section(message.options, "webhook"),
                                                "$.options.webhook");
    if (!options) return options.error();
    const std::string id = "msg_" + kit::message_token(message);
    const std::string& type = options->type.empty() ? settings_.event_type : options->type;
    OutboundRequest request = call("POST", std::move(url));
    request.body = body_of(message, id, type, options->data);
    if (request.body.size() > static_cast<std::size_t>(settings_.max_body_bytes)) {
        return make_error(ErrorCode::content_invalid,
                          "The body has " + std::to_string(request.body.size()) +
                              " bytes; the account allows " +
                              std::to_string(settings_.max_body_bytes) + ".");
    }
    const std::int64_t seconds = context.now_ms / 1000;
    request.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
    request.headers.emplace_back("webhook-id", id);
    request.headers.emplace_back("webhook-timestamp", std::to_string(seconds));
    request.headers.emplace_back("webhook-signature",
                                 kit::sign_webhook(id, seconds, request.body, std::span(secrets_)));
    if (!message.traceparent.empty())
        request.headers.emplace_back("traceparent", message.traceparent);
    return request;
}

Outcome WebhookProtocol::judge(const Message& message, const OutboundReply& reply) {
    Outcome outcome;
    outcome.code = std::to_string(reply.status);
    outcome.kind = class_of(reply.status, !is_absolute(message.recipient));
    outcome.detail = "The receiver answered HTTP " + outcome.code + ".";
    if (outcome.kind == OutcomeClass::accepted) {
        // Receivers give no id of their own; ours is what they know the message by.
        outcome.provider_message_id = "msg_" + kit::message_token(message);
    }
    if (reply.status == 410) outcome.suppress = "The receiver answered 410: it wants no more.";
    if (wants_pause(reply.status)) {
        const std::int64_t now_ms = reply.started_ms + reply.duration_us / 1000;
        outcome.retry_after_ms = kit::retry_after_ms(reply.header("retry-after"), now_ms);
    }
    return outcome;
}

Outcome WebhookProtocol::judge_lost(const Message& message, const OutboundReply& reply) {
    Outcome outcome = kit::HttpProtocol::judge_lost(message, reply);
    // The guard refuses this address, which tells nothing about the others of the account.
    if (reply.end == CallEnd::refused) outcome.kind = OutcomeClass::recipient_permanent;
    return outcome;
}

std::optional<OutboundRequest> WebhookProtocol::test_request(const kit::SendContext&) {
    if (settings_.base_url.empty()) return std::nullopt;
    return call("HEAD", settings_.base_url);
}

AccountTest WebhookProtocol::judge_test(const OutboundReply& reply) {
    AccountTest test;
    test.duration_ms = reply.duration_us / 1000;
    if (reply.end != CallEnd::answered) {
        test.detail = "No answer from base_url: " + reply.detail;
        return test;
    }
    // Whatever a receiver thinks of HEAD, it is there.
    test.ok = reply.status < 500;
    test.detail = "base_url answered HTTP " + std::to_string(reply.status) + " to HEAD.";
    return test;
}

}  // namespace hongyan::webhook
