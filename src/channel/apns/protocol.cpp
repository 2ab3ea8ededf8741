#include "channel/apns/protocol.hpp"

#include <algorithm>
#include <deque>

#include "base/text.hpp"
#include "channel/apns/payload.hpp"
#include "channel/apns/reasons.hpp"
#include "kit/described.hpp"

namespace hongyan::apns {
namespace {

/// Whether BadDeviceToken can be believed. An account in the wrong environment gets it for every
/// token, and deleting them all would be the worst answer to a wrong setting.
class BadTokenWatch {
  public:
    explicit BadTokenWatch(std::int64_t percent) : percent_(percent) {}

    /// Notes one answer; true if it is a bad token and such answers are rare by now.
    bool believe(bool bad) {
        auto last = last_.lock();
        last->answers.push_back(bad);
        last->bad += bad ? 1 : 0;
        if (last->answers.size() > window) {
            last->bad -= last->answers.front() ? 1 : 0;
            last->answers.pop_front();
        }
        const auto size = static_cast<std::int64_t>(last->answers.size());
        return bad && percent_ > 0 && size >= 20 && last->bad * 100 <= percent_ * size;
    }

  private:
    static constexpr std::size_t window = 200;
    struct Last {
        std::deque<bool> answers;
        std::int64_t bad = 0;
    };
    const std::int64_t percent_;
    Guarded<Last> last_;
};

class Protocol final : public kit::HttpProtocol {
  public:
    Protocol(Settings settings, Signer signer, std::shared_ptr<TokenBook> tokens,
             const Clock& clock)
        : settings_(std::move(settings)),
          signer_(std::move(signer)),
          tokens_(std::move(tokens)),
          clock_(clock),
          watch_(settings_.bad_token_percent) {}

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    std::optional<OutboundRequest> test_request(const kit::SendContext& context) override;
    AccountTest judge_test(const OutboundReply& reply) override;

  private:
    [[nodiscard]] OutboundRequest bare_request(std::string_view device, std::int64_t now_ms);
    [[nodiscard]] std::string topic_of(const Options& options, std::string_view type) const;
    [[nodiscard]] std::int64_t expiration_of(const Message& message, const Options& options,
                                             std::int64_t now_ms) const;
    [[nodiscard]] std::string suppress_why(const Message& message, const Refusal& refusal,
                                           bool believed) const;

    const Settings settings_;
    const Signer signer_;
    const std::shared_ptr<TokenBook> tokens_;  ///< shared with the provider, see TokenBook
    const Clock& clock_;
    BadTokenWatch watch_;
};

Result<Options> options_of(const Message& message) {
    return kit::read_described<Options>(kit::options_section(message.options, "apns"),
                                        "$.options.apns");
}

OutboundRequest Protocol::bare_request(std::string_view device, std::int64_t now_ms) {
    OutboundRequest request;
    request.url = signer_.origin + "/3/device/" + std::string(device);
    request.version = HttpVersion::http2;
    // Apple refuses two teams or keys on one connection.
    request.group = "apns:" + signer_.team_id + ":" + signer_.key_id;
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    request.max_reply_bytes = 64 * 1024;
    const Millis life = std::chrono::minutes(settings_.token_minutes);
    request.headers = {{"authorization", "bearer " + tokens_->token(signer_, life, now_ms)},
                       {"content-type", "application/json"}};
    return request;
}

std::string Protocol::topic_of(const Options& options, std::string_view type) const {
    if (!options.topic.empty()) return options.topic;
    const auto suffix = topic_suffix(type);
    if (settings_.topic.ends_with(suffix)) return settings_.topic;
    return settings_.topic + std::string(suffix);
}

std::int64_t Protocol::expiration_of(const Message& message, const Options& options,
                                     std::int64_t now_ms) const {
    const auto life = options.time_to_live_seconds.value_or(settings_.time_to_live_seconds);
    if (life == 0) return 0;
    const auto until = now_ms / 1000 + life;
    return message.deliver_by_ms > 0 ? std::min(until, message.deliver_by_ms / 1000) : until;
}

Result<OutboundRequest> Protocol::request(const Message& message, const kit::SendContext& context) {
    const auto device = device_token(message.recipient);
    if (!device) return make_error(ErrorCode::recipient_invalid, "no device token of APNs");
    auto options = options_of(message);
    if (!options) return std::move(options.error());
    if (!options->environment.empty() && options->environment != settings_.environment) {
        return make_error(ErrorCode::recipient_invalid,
                          "the token belongs to the " + options->environment +
                              " environment, this account sends to " + settings_.environment);
    }
    const std::string type = options->push_type.empty() ? settings_.push_type : options->push_type;
    const auto limit =
        type == "voip" ? settings_.max_voip_payload_bytes : settings_.max_payload_bytes;
    auto payload = make_payload({message.subject, message.content}, *options, type,
                                static_cast<std::size_t>(limit));
    if (!payload) return std::move(payload.error());

    const std::string token = kit::message_token(message);
    OutboundRequest request = bare_request(*device, context.now_ms);
    auto& headers = request.headers;
    headers.emplace_back("apns-id", token);
    headers.emplace_back("apns-topic", topic_of(*options, type));
    headers.emplace_back("apns-push-type", type);
    headers.emplace_back("apns-priority",
                         std::to_string(options->priority.value_or(type == "background" ? 5 : 10)));
    headers.emplace_back("apns-expiration",
                         std::to_string(expiration_of(message, *options, context.now_ms)));
    if (!options->collapse_id.empty()) {
        headers.emplace_back("apns-collapse-id", options->collapse_id);
    } else if (settings_.collapse_by_message && type == "alert") {
        headers.emplace_back("apns-collapse-id", token);
    }
    request.body = std::move(*payload);
    return request;
}

std::string Protocol::suppress_why(const Message& message, const Refusal& refusal,
                                   bool believed) const {
    if (refusal.reason == "BadDeviceToken") return believed ? "APNs: BadDeviceToken" : "";
    // DeviceTokenNotForTopic is a token of another app: a wrong topic would give it to all.
    if (refusal.reason != "Unregistered" && refusal.reason != "ExpiredToken") return "";
    const auto options = options_of(message);
    const auto registered = options ? options->registered_at_ms.value_or(0) : 0;
    if (registered > 0 && refusal.timestamp_ms > 0 && registered > refusal.timestamp_ms) return "";
    std::string why = "APNs: " + refusal.reason;
    if (refusal.timestamp_ms > 0) why += " since " + format_rfc3339(refusal.timestamp_ms);
    return why;
}

Outcome Protocol::judge(const Message& message, const OutboundReply& reply) {
    const std::int64_t now = clock_.now_ms();
    Outcome outcome;
    outcome.provider_message_id = reply.header("apns-id");
    if (reply.status == 200) {
        watch_.believe(false);
        return outcome;
    }
    const Refusal refusal = read_refusal(reply.body);
    outcome.kind = class_of(reply.status, refusal.reason);
    outcome.code =
        std::to_string(reply.status) + (refusal.reason.empty() ? "" : " " + refusal.reason);
    outcome.detail = "APNs answered " + outcome.code;
    outcome.retry_after_ms = kit::retry_after_ms(reply.header("retry-after"), now);
    const bool believed = watch_.believe(refusal.reason == "BadDeviceToken");
    outcome.suppress = suppress_why(message, refusal, believed);
    if (outcome.kind == OutcomeClass::token) tokens_->refused(signer_);
    if (refusal.reason == "BadDeviceToken" && !believed) {
        outcome.detail +=
            "; a token of the other environment gives the same answer, so it is not "
            "suppressed";
    }
    return outcome;
}

std::optional<OutboundRequest> Protocol::test_request(const kit::SendContext& context) {
    // Nobody has this token; Apple looks at it only after the credentials.
    OutboundRequest request = bare_request(std::string(64, '0'), context.now_ms);
    request.headers.emplace_back("apns-topic", topic_of({}, settings_.push_type));
    request.headers.emplace_back("apns-push-type", settings_.push_type);
    request.headers.emplace_back("apns-priority", "5");
    request.headers.emplace_back("apns-expiration", "0");
    request.body = R"({"aps":{"content-available":1}})";
    return request;
}

AccountTest Protocol::judge_test(const OutboundReply& reply) {
    AccountTest test;
    if (reply.end != CallEnd::answered) {
        test.detail = "APNs did not answer: " + reply.detail;
        return test;
    }
    const Refusal refusal = read_refusal(reply.body);
    test.ok = refusal.reason == "BadDeviceToken" || reply.status == 200;
    test.detail = test.ok ? "APNs accepted team, key and topic (and refused the test's empty token)"
                          : "APNs answered " + std::to_string(reply.status) + " " + refusal.reason;
    return test;
}

}  // namespace

Result<std::unique_ptr<kit::HttpProtocol>> make_protocol(Settings settings,
                                                         std::shared_ptr<TokenBook> tokens,
                                                         const Clock& clock) {
    auto key = SigningKey::from_pem(settings.private_key);
    if (!key) return std::move(key.error());
    Signer signer{origin_of(settings), settings.team_id, settings.key_id, std::move(*key)};
    return std::unique_ptr<kit::HttpProtocol>(std::make_unique<Protocol>(
        std::move(settings), std::move(signer), std::move(tokens), clock));
}

}  // namespace hongyan::apns
