#include "channel/web_push/protocol.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "channel/web_push/encrypt.hpp"
#include "channel/web_push/vapid.hpp"
#include "kit/described.hpp"

namespace hongyan::web_push {
namespace {

OutcomeClass class_of(int status) {
    using enum OutcomeClass;
    if (status >= 200 && status < 300) return accepted;
    switch (status) {
        case 404:
        case 410:
            return recipient_permanent;
        case 413:
            return message_permanent;
        case 429:
            return rate_limited;
        case 400:
        case 401:
        case 403:
            return configuration;
        case 408:
            return transient;
        default:
            break;
    }
    if (status >= 500) return transient;
    // Redirects are not followed; other words of a push service are about this one request.
    return status < 400 ? configuration : message_permanent;
}

class Protocol final : public kit::HttpProtocol {
  public:
    Protocol(Settings settings, SigningKey key, const Clock& clock)
        : settings_(std::move(settings)),
          clock_(clock),
          vapid_(std::move(key), settings_.subject, std::chrono::hours(settings_.token_hours)) {}

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    Outcome judge_lost(const Message& message, const OutboundReply& reply) override;

  private:
    [[nodiscard]] std::int64_t life_of(const Message& message, const Options& options,
                                       std::int64_t now_ms) const;
    void add_headers(OutboundRequest& request, const Message& message, const Options& options,
                     std::int64_t now_ms) const;

    const Settings settings_;
    const Clock& clock_;
    Vapid vapid_;
};

std::int64_t Protocol::life_of(const Message& message, const Options& options,
                               std::int64_t now_ms) const {
    const auto life = options.time_to_live_seconds.value_or(settings_.time_to_live_seconds);
    if (message.deliver_by_ms == 0) return life;
    return std::clamp<std::int64_t>((message.deliver_by_ms - now_ms) / 1000, 0, life);
}

void Protocol::add_headers(OutboundRequest& request, const Message& message, const Options& options,
                           std::int64_t now_ms) const {
    auto& headers = request.headers;
    headers.emplace_back("ttl", std::to_string(life_of(message, options, now_ms)));
    headers.emplace_back("urgency", options.urgency.empty() ? settings_.urgency : options.urgency);
    if (!options.topic.empty()) {
        headers.emplace_back("topic", options.topic);
    } else if (settings_.topic_by_message) {
        std::string topic = kit::message_token(message);
        std::erase(topic, '-');  // 32 characters are the limit
        headers.emplace_back("topic", topic);
    }
    headers.emplace_back("content-encoding", "aes128gcm");
    headers.emplace_back("content-type", "application/octet-stream");
}

Result<OutboundRequest> Protocol::request(const Message& message, const kit::SendContext& context) {
    auto subscription = read_subscription(message.recipient);
    if (!subscription) return std::move(subscription.error());
    if (!settings_.trusted_endpoints && !subscription->origin.starts_with("https://"))
        return make_error(ErrorCode::recipient_invalid, "the subscription's endpoint is not https");
    auto options = kit::read_described<Options>(kit::options_section(message.options, "web_push"),
                                                "$.options.web_push");
    if (!options) return std::move(options.error());
    auto text = make_payload(message.subject, message.content, *options,
                             static_cast<std::size_t>(settings_.max_payload_bytes));
    if (!text) return std::move(text.error());
    auto body = encrypt(*text, *subscription, make_fresh());
    if (!body) return std::move(body.error());

    OutboundRequest request;
    request.url = subscription->endpoint;
    request.trust = settings_.trusted_endpoints ? UrlTrust::operators : UrlTrust::users;
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    request.max_reply_bytes = 64 * 1024;
    request.headers = {
        {"authorization", vapid_.authorization(subscription->origin, context.now_ms)}};
    add_headers(request, message, *options, context.now_ms);
    request.body = std::move(*body);
    return request;
}

Outcome Protocol::judge(const Message&, const OutboundReply& reply) {
    Outcome outcome;
    outcome.kind = class_of(reply.status);
    outcome.provider_message_id = reply.header("location").substr(0, 500);
    if (outcome.kind == OutcomeClass::accepted) return outcome;
    outcome.code = std::to_string(reply.status);
    outcome.detail = "the push service answered " + outcome.code;
    // Who answers was chosen by a user: only text, and little of it.
    if (!reply.body.empty() && reply.body.size() < 2000 && is_utf8(reply.body))
        outcome.detail += ": " + std::string(trim(reply.body).substr(0, 200));
    if (!is_utf8(outcome.detail)) outcome.detail = "the push service answered " + outcome.code;
    outcome.retry_after_ms = kit::retry_after_ms(reply.header("retry-after"), clock_.now_ms());
    if (outcome.kind == OutcomeClass::recipient_permanent)
        outcome.suppress = "Web Push: the subscription is gone (" + outcome.code + ")";
    return outcome;
}

Outcome Protocol::judge_lost(const Message& message, const OutboundReply& reply) {
    Outcome outcome = HttpProtocol::judge_lost(message, reply);
    // The guard refused where this one subscription leads, which is no fault of the account. It is
    // not suppressed: the operator may allow the address.
    if (reply.end == CallEnd::refused) outcome.kind = OutcomeClass::recipient_permanent;
    return outcome;
}

void put(boost::json::object& target, std::string_view key, std::string_view value) {
    if (!value.empty()) target[key] = value;
}

std::string payload_text(std::string_view title, std::string_view body, const Options& o) {
    if (!o.payload.empty()) return boost::json::serialize(o.payload);
    if (o.text_only) return std::string(body);
    boost::json::object root;
    put(root, "title", o.title.empty() ? title : o.title);
    put(root, "body", body);
    put(root, "icon", o.icon);
    put(root, "image", o.image);
    put(root, "badge", o.badge);
    put(root, "url", o.url);
    put(root, "tag", o.tag);
    put(root, "lang", o.lang);
    if (o.require_interaction) root["requireInteraction"] = true;
    if (!o.data.empty()) root["data"] = o.data;
    return boost::json::serialize(root);
}

}  // namespace

Result<std::string> make_payload(std::string_view title, std::string_view body,
                                 const Options& options, std::size_t limit) {
    std::string text = payload_text(title, body, options);
    if (text.size() <= limit) return text;
    return make_error(ErrorCode::content_invalid, "the payload has " + std::to_string(text.size()) +
                                                      " bytes, push services take " +
                                                      std::to_string(limit));
}

Result<std::unique_ptr<kit::HttpProtocol>> make_protocol(Settings settings, const Clock& clock) {
    auto key = vapid_key(settings.private_key);
    if (!key) return std::move(key.error());
    return std::unique_ptr<kit::HttpProtocol>(
        std::make_unique<Protocol>(std::move(settings), std::move(*key), clock));
}

}  // namespace hongyan::web_push
